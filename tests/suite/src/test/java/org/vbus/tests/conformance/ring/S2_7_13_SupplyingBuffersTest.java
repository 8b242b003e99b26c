package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.memory.LittleEndian;
import org.vbus.tests.conformance.Clause;

/// Driver and device on two threads that both sleep whenever they see nothing to do: stale contents
/// show as wrong numbers, a notification missed as a sleep that never ends.
class S2_7_13_SupplyingBuffersTest {
  private static final int REQUESTS = 30_000;
  private static final int PATIENCE_SECONDS = 20;

  private final Semaphore kicks = new Semaphore(0);
  private final Semaphore signals = new Semaphore(0);
  private final AtomicReference<String> failure = new AtomicReference<>();

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 0x20000000", "2, 0x30000000", "64, 0", "64, 0x20000000"})
  @Timeout(60)
  @Clause({"2.7.13.3.1-R1", "2.7.13.4.1-R1", "2.7.14-S1", "2.7.10.1-R4", "2.7.7.2-D3"})
  void neitherStaleRequestsNorMissedNotificationsHappenBetweenTwoThreads(int size, long features)
      throws Exception {
    BothHalves both = new BothHalves(size, features, signals::release);
    Thread device = Thread.ofPlatform().start(() -> serve(both));
    long submitted = 0;
    long reclaimed = 0;
    // Only what is free: with one descriptor per chain, token and free buffer go together.
    while (reclaimed < REQUESTS && failure.get() == null) {
      while (submitted < REQUESTS && submitted - reclaimed < size) {
        int token = (int) (submitted % size);
        both.segment.set(LittleEndian.LONG_ANY, both.buffers + 8L * token, ++submitted);
        both.add(token);
        if (submitted % 3 != 0 && both.driver.publish()) {
          kicks.release();
        }
      }
      if (both.driver.publish()) {
        kicks.release();
      }
      int token = both.driver.nextUsed();
      if (token >= 0) {
        long answer = both.segment.get(LittleEndian.LONG_ANY, both.buffers + 8L * token);
        if (answer != ~++reclaimed || token != (reclaimed - 1) % size) {
          failure.compareAndSet(null, "request %d answered %x".formatted(reclaimed, answer));
        }
      } else if (!both.driver.enableSignals()) {
        sleep(signals, "driver");
        both.driver.disableSignals();
      }
    }
    kicks.release();
    device.join();
    assertThat(failure.get()).isNull();
    assertThat(reclaimed).isEqualTo(REQUESTS);
  }

  private void serve(BothHalves both) {
    long next = 0;
    while (next < REQUESTS && failure.get() == null) {
      int done = 0;
      while (done < 8 && both.device.peek(both.chain)) {
        long off = both.chain.offset(0);
        long number = both.segment.get(LittleEndian.LONG_ANY, off);
        if (number != ++next) {
          failure.compareAndSet(null, "request %d holds %x".formatted(next, number));
        }
        both.segment.set(LittleEndian.LONG_ANY, off, ~number);
        both.device.complete(both.chain, 8);
        done++;
      }
      both.burst.publish();
      if (done == 0 && !both.device.armKicks()) {
        sleep(kicks, "device");
        both.device.suppressKicks();
      }
    }
    if (both.device.fault() != null) {
      failure.compareAndSet(null, "device found " + both.device.fault());
    }
    signals.release();
  }

  private void sleep(Semaphore on, String who) {
    try {
      if (!on.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        failure.compareAndSet(null, who + " was not woken");
      }
      on.drainPermits();
    } catch (InterruptedException e) {
      failure.compareAndSet(null, who + " was interrupted");
    }
  }
}
