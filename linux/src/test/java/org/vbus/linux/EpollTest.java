package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class EpollTest {
  @Test
  void aSignalFromAnotherThreadEndsTheWait() throws Exception {
    try (Epoll epoll = Epoll.create(4);
        EventFd ping = EventFd.create();
        EventFd pong = EventFd.create();
        Epoll other = Epoll.create(4)) {
      epoll.add(pong.fd(), Epoll.READABLE, 1);
      other.add(ping.fd(), Epoll.READABLE, 2);
      int rounds = 2_000;
      Thread echo =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < rounds; i++) {
                  waitOnce(other);
                  ping.drain();
                  pong.signal();
                }
              });
      for (int i = 0; i < rounds; i++) {
        ping.signal();
        waitOnce(epoll);
        assertThat(epoll.tag(0)).isEqualTo(1);
        assertThat(pong.drain()).isEqualTo(1);
      }
      echo.join();
    }
  }

  private static void waitOnce(Epoll epoll) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (epoll.await(20_000) == 0) { // 0 early: a signal interrupted the wait
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("the wake-up was lost");
      }
    }
  }

  @Test
  void eachReadyDescriptorComesWithItsTag() throws Exception {
    try (Epoll epoll = Epoll.create(8);
        EventFd a = EventFd.create();
        EventFd b = EventFd.create();
        EventFd quiet = EventFd.create()) {
      epoll.add(a.fd(), Epoll.READABLE, 0x1122_3344_5566_7788L);
      epoll.add(b.fd(), Epoll.READABLE, -1);
      epoll.add(quiet.fd(), Epoll.READABLE, 3);
      assertThat(epoll.await(0)).isZero();
      a.signal();
      b.signal();
      assertThat(epoll.await(0)).isEqualTo(2);
      assertThat(Set.of(epoll.tag(0), epoll.tag(1))).containsOnly(0x1122_3344_5566_7788L, -1L);
      assertThat(epoll.events(0)).isEqualTo(Epoll.READABLE);
      assertThatThrownBy(() -> epoll.tag(2)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(epoll.await(0)).as("still ready: level-triggered").isEqualTo(2);
      a.drain();
      assertThat(epoll.await(0)).isEqualTo(1);
      assertThat(epoll.tag(0)).isEqualTo(-1);
    }
  }

  @Test
  void moreReadyThanTheCapacityComeInTurns() throws Exception {
    int count = 5;
    EventFd[] events = new EventFd[count];
    try (Epoll epoll = Epoll.create(2)) {
      for (int i = 0; i < count; i++) {
        events[i] = EventFd.create();
        epoll.add(events[i].fd(), Epoll.READABLE, i);
        events[i].signal();
      }
      Set<Long> seen = new HashSet<>();
      for (int n = epoll.await(0); n > 0; n = epoll.await(0)) {
        assertThat(n).isLessThanOrEqualTo(2);
        for (int i = 0; i < n; i++) {
          seen.add(epoll.tag(i));
          events[(int) epoll.tag(i)].drain();
        }
      }
      assertThat(seen).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L);
    } finally {
      for (EventFd event : events) {
        event.close();
      }
    }
  }

  @Test
  void modifyReplacesEventsAndTagAndRemoveEndsThem() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.READABLE, 1);
      assertThat(epoll.await(0)).isZero();
      epoll.modify(event.fd(), Epoll.WRITABLE, 2);
      assertThat(epoll.await(0)).isEqualTo(1);
      assertThat(epoll.tag(0)).isEqualTo(2);
      assertThat(epoll.events(0)).isEqualTo(Epoll.WRITABLE);
      epoll.remove(event.fd());
      assertThat(epoll.await(0)).isZero();
    }
  }

  @Test
  void wrongRegistrationsSayWhatIsWrong() throws Exception {
    EventFd closed = EventFd.create();
    closed.close();
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      assertThatThrownBy(() -> epoll.add(closed.fd(), Epoll.READABLE, 0))
          .isInstanceOf(SystemCallException.class)
          .hasMessageContaining("EBADF");
      assertThatThrownBy(() -> epoll.remove(event.fd()))
          .isInstanceOf(SystemCallException.class)
          .hasMessageContaining("ENOENT");
      epoll.add(event.fd(), Epoll.READABLE, 0);
      assertThatThrownBy(() -> epoll.add(event.fd(), Epoll.READABLE, 0))
          .isInstanceOf(SystemCallException.class)
          .hasMessageContaining("EEXIST");
    }
    assertThatThrownBy(() -> Epoll.create(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aClosedSetAnswersEbadf() throws Exception {
    Epoll epoll = Epoll.create(1);
    epoll.close();
    assertThat(epoll.await(-1)).isEqualTo(-Errno.EBADF);
  }
}
