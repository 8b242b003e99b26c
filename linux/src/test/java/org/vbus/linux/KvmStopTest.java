package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stopping: from another thread, whatever the guest does, at whatever moment.
@Timeout(60)
final class KvmStopTest {
  private static final int SIG_BLOCK = 0;

  @BeforeEach
  void kvmIsThere() {
    KvmGuest.assumeUsable();
  }

  @ParameterizedTest
  @ValueSource(strings = {KvmGuest.SPIN, KvmGuest.HALT})
  void aGuestThatSpinsOrSleepsIsStopped(String guestCode) throws Exception {
    try (KvmGuest guest = new KvmGuest(guestCode)) {
      FutureTask<Integer> run = start(guest.vcpu::run);
      Thread.sleep(20);
      assertThat(run.isDone()).isFalse();
      guest.vcpu.stop();
      assertThat(run.get()).isEqualTo(-Errno.EINTR);
      assertThat(guest.vcpu.run()).as("once stopped, always stopped").isEqualTo(-Errno.EINTR);
    }
  }

  @Test
  void aThreadAboutToEnterIsStoppedToo() throws Exception {
    for (int i = 0; i < 100; i++) {
      try (KvmGuest guest = new KvmGuest(KvmGuest.SPIN)) {
        FutureTask<Integer> run = start(guest.vcpu::run);
        for (int spin = 0; spin < i * 40; spin++) {
          Thread.onSpinWait();
        }
        guest.vcpu.stop();
        assertThat(run.get()).isEqualTo(-Errno.EINTR);
      }
    }
  }

  @Test
  void aThreadWhoseCreatorBlockedTheSignalIsStoppedToo() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.SPIN);
        Arena arena = Arena.ofShared()) {
      MemorySegment urgent = arena.allocate(128, Long.BYTES);
      urgent.set(JAVA_LONG, 0, 1L << 22);
      FutureTask<Integer> run =
          start(() -> {
            assertThat(LibC.pthreadSigmask(SIG_BLOCK, urgent)).isZero();
            return guest.vcpu.run();
          });
      Thread.sleep(20);
      guest.vcpu.stop();
      assertThat(run.get()).isEqualTo(-Errno.EINTR);
    }
  }

  @Test
  void statisticsCanBeReadWhileTheGuestRuns() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT)) {
      FutureTask<Integer> run = start(guest.vcpu::run);
      Thread.sleep(20);
      long[] values = new long[guest.vcpu.statistics().names().size()];
      assertThat(guest.vcpu.statistics().snapshot(values)).isEqualTo(values.length);
      assertThat(run.isDone()).isFalse();
    }
  }

  @Test
  void closingStopsAndWaits() throws Exception {
    FutureTask<Integer> run;
    try (KvmGuest guest = new KvmGuest(KvmGuest.SPIN)) {
      run = start(guest.vcpu::run);
      Thread.sleep(5);
    }
    assertThat(run.get()).isIn(-Errno.EINTR, -Errno.EBADF);
  }

  @Test
  void whoRunsMayStopItself() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.SAY_EAX)) {
      assertThat(guest.said()).isZero();
      guest.vcpu.stop();
      assertThat(guest.vcpu.run()).isEqualTo(-Errno.EINTR);
    }
  }

  @Test
  void anInterruptOfWhoStopsIsKeptForLater() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.SPIN)) {
      FutureTask<Integer> run = start(guest.vcpu::run);
      Thread.sleep(20);
      Thread.currentThread().interrupt();
      guest.vcpu.stop();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(run.get()).isEqualTo(-Errno.EINTR);
    }
  }

  private static FutureTask<Integer> start(Callable<Integer> run) {
    FutureTask<Integer> task = new FutureTask<>(run);
    Thread _ = Thread.ofPlatform().daemon().start(task);
    return task;
  }
}
