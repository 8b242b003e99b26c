package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class L2SwitchConcurrencyTest {
  private static final long MAC = 0x5254_0000_0000L;

  /// Ports come and go while two loops forward. After a detach and one more round of both loops,
  /// nothing reaches the port; no entry of a detached port stays in the table.
  @Test
  void detachesPortsWhileOtherLoopsForward() throws Exception {
    L2Switch lan = new L2Switch("lan");
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong[] rounds = {new AtomicLong(), new AtomicLong()};
    SwitchPort[] loopPorts = new SwitchPort[2];
    AtomicLong delivered = new AtomicLong();
    for (int i = 0; i < 2; i++) {
      loopPorts[i] = lan.attach("loop" + i, frame -> Delivery.QUEUED);
    }
    List<Future<?>> loops = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < 2; i++) {
        int loop = i;
        loops.add(
            threads.submit(() -> {
              Frame known = TestFrames.frame(MAC + 100, MAC + loop, 60);
              Frame all = TestFrames.frame(MacAddress.BROADCAST, MAC + loop, 60);
              while (!stop.get()) {
                lan.forward(loopPorts[loop], known, System.nanoTime());
                lan.forward(loopPorts[loop], all, System.nanoTime());
                rounds[loop].getAndIncrement();
              }
            }));
      }
      try {
        Frame hello = TestFrames.frame(MacAddress.BROADCAST, MAC + 100, 60);
        for (int i = 0; i < 100; i++) {
          AtomicBoolean open = new AtomicBoolean(true);
          AtomicBoolean late = new AtomicBoolean();
          SwitchPort guest =
              lan.attach(
                  "guest",
                  frame -> {
                    delivered.getAndIncrement();
                    if (!open.get()) {
                      late.set(true);
                    }
                    return Delivery.QUEUED;
                  });
          lan.forward(guest, hello, System.nanoTime());
          awaitRounds(rounds, loops);
          lan.detach(guest);
          awaitRounds(rounds, loops);
          open.set(false);
          awaitRounds(rounds, loops);
          assertThat(late).isFalse();
          assertThat(lan.table().lookup(MAC + 100, System.nanoTime())).isEqualTo(MacTable.NO_PORT);
        }
      } finally {
        stop.set(true);
      }
      for (Future<?> loop : loops) {
        loop.get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(delivered.get()).isGreaterThanOrEqualTo(100 * 2);
    assertThat(lan.ports()).containsExactly(loopPorts);
    for (int i = 0; i < 2; i++) {
      assertThat(loopPorts[i].counters().snapshot().ingressFrames()).isEqualTo(2 * rounds[i].get());
    }
  }

  /// A port is detached under the feet of the loop that learns for it, again and again.
  @Test
  void leavesNoEntryOfAPortDetachedWhileItsLoopLearns() throws Exception {
    L2Switch lan = new L2Switch("lan");
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      for (int i = 0; i < 500; i++) {
        SwitchPort guest = lan.attach("guest", frame -> Delivery.QUEUED);
        Frame frame = TestFrames.frame(MacAddress.BROADCAST, MAC + 1, 60);
        AtomicBoolean running = new AtomicBoolean();
        Future<?> loop =
            threads.submit(() -> {
              running.set(true);
              for (int source = 2; guest.isAttached() && source < 1000; source++) {
                TestFrames.setAddresses(frame.segment(0), MacAddress.BROADCAST, MAC + source);
                frame.reset();
                frame.add(frame.segment(0), 0, 60);
                lan.forward(guest, frame, 0);
              }
            });
        while (!running.get()) {
          LockSupport.parkNanos(1_000);
        }
        lan.detach(guest);
        loop.get(30, TimeUnit.SECONDS);
        assertThat(lan.table().size()).isZero();
      }
    }
  }

  private static void awaitRounds(AtomicLong[] rounds, List<Future<?>> loops) {
    for (int i = 0; i < rounds.length; i++) {
      // Two: the round that is running may have read its snapshot before.
      long target = rounds[i].get() + 2;
      while (rounds[i].get() < target) {
        assertThat(loops.get(i).isDone()).isFalse();
        LockSupport.parkNanos(20_000);
      }
    }
  }
}
