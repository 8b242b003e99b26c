package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.tests.conformance.Clause;

/// Each side writes its index and then looks whether the other wants to be notified, while the
/// other asks for notifications and then looks at the index. However the two meet, at least one of
/// them must see the other.
///
/// Both threads walk over many queues at once, each at its own pace, so that they meet somewhere.
class S2_7_13_04_NotifyingTheDeviceTest {
  private static final int QUEUES = 64;
  private static final int ROUNDS = 10_000;
  private static final long EFFORT_NANOS = 1_000_000_000L;

  private final AtomicInteger round = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final BothHalves[] queues = new BothHalves[QUEUES];
  private final boolean[] driverSaw = new boolean[QUEUES];
  private final boolean[] deviceSaw = new boolean[QUEUES];
  private boolean signalled;

  /// One side of a meeting on one queue; says whether it noticed the other side.
  private interface Step {
    boolean run(BothHalves both);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Timeout(60)
  @Clause({"2.7.13.4.1-R1", "2.7.10.1-R4", "2.7.10.1-R6"})
  void aDriverThatPublishesAndADeviceThatGoesToSleepNeverMissEachOther(long features)
      throws Exception {
    race(
        features,
        both -> {
          both.device.suppressKicks();
          both.add(0);
          return true;
        },
        both -> both.driver.publish(),
        both -> both.device.armKicks(),
        both -> {
          boolean found = both.device.peek(both.chain);
          both.device.complete(both.chain, 0);
          both.burst.publish();
          return found && both.driver.nextUsed() == 0;
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Timeout(60)
  @Clause({"2.7.14-S1", "2.7.7.2-D3", "2.7.7.2-D5"})
  void aDeviceThatPublishesAndADriverThatGoesToSleepNeverMissEachOther(long features)
      throws Exception {
    race(
        features,
        both -> {
          both.driver.disableSignals();
          both.add(0);
          boolean _ = both.driver.publish();
          boolean found = both.device.peek(both.chain);
          both.device.complete(both.chain, 0);
          return found;
        },
        both -> both.driver.enableSignals(),
        both -> {
          signalled = false;
          both.burst.publish();
          return signalled;
        },
        both -> both.driver.nextUsed() == 0);
  }

  /// Runs both sides at the same time, again and again, until there were enough rounds or the
  /// machine is too busy for more.
  private void race(long features, Step before, Step driver, Step device, Step after)
      throws InterruptedException {
    for (int i = 0; i < QUEUES; i++) {
      queues[i] = new BothHalves(4, features, () -> signalled = true);
    }
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              for (int next = 1; ; next++) {
                for (int now; (now = round.get()) != next; ) {
                  if (now < 0) {
                    return;
                  }
                  Thread.onSpinWait();
                }
                walk(device, deviceSaw);
                finished.set(next);
              }
            });
    long start = System.nanoTime();
    try {
      boolean[] well = new boolean[QUEUES];
      for (int next = 1; next <= ROUNDS && System.nanoTime() - start < EFFORT_NANOS; next++) {
        walk(before, well);
        assertThat(well).doesNotContain(false);
        round.set(next);
        walk(driver, driverSaw);
        while (finished.get() != next) {
          Thread.onSpinWait();
        }
        for (int i = 0; i < QUEUES; i++) {
          assertThat(driverSaw[i] || deviceSaw[i]).isTrue();
        }
        walk(after, well);
        assertThat(well).doesNotContain(false);
      }
    } finally {
      round.set(-1);
      other.join();
    }
  }

  private void walk(Step step, boolean[] saw) {
    for (int i = 0; i < QUEUES; i++) {
      saw[i] = step.run(queues[i]);
    }
  }
}
