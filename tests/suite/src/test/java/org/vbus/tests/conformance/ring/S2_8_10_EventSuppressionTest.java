package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawPackedRing.DESC;
import static org.vbus.tests.fixture.RawPackedRing.DISABLE;
import static org.vbus.tests.fixture.RawPackedRing.ENABLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;

/// Event suppression of packed virtqueues (2.8.10), both halves, by flags and by place.
class S2_8_10_EventSuppressionTest {
  private static final long EVENT_IDX = Feature.EVENT_IDX.mask();

  /// Offers and completes `n` requests as one burst; whether it was signalled.
  private static boolean burst(PackedDeviceHalf half, int n) {
    int before = half.signals();
    for (int i = 0; i < n; i++) {
      half.offer(half.buffers(), 1, i, 0);
    }
    for (int i = 0; i < n; i++) {
      assertThat(half.serve(0)).isTrue();
    }
    half.burst.publish();
    assertThat(half.signals() - before).isBetween(0, 1);
    return half.signals() > before;
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  void theDeviceSignalsEachBurstOrNoneAsTheFlagsSay(long features) {
    PackedDeviceHalf half = new PackedDeviceHalf(5, features);
    for (int i = 0; i < 1000; i++) {
      half.ring.driverEvent(ENABLE, i % 5, i % 2 == 0);
      assertThat(burst(half, 1 + i % 5)).isTrue();
      half.ring.driverEvent(DISABLE, i % 5, i % 2 == 0);
      assertThat(burst(half, 1 + i % 5)).isFalse();
    }
  }

  /// A reserved value, or one that was not negotiated, must not make a driver wait for ever.
  @Test
  void flagsThatMeanNothingGetASignal() {
    PackedDeviceHalf plain = new PackedDeviceHalf(4, 0);
    plain.ring.driverEvent(DESC, 3, false);
    assertThat(burst(plain, 1)).isTrue();
    for (int flags : new int[] {3, 0xfffc}) {
      plain.ring.driverEvent(flags, 3, false);
      assertThat(burst(plain, 1)).isTrue();
    }
    PackedDeviceHalf half = new PackedDeviceHalf(4, EVENT_IDX);
    half.ring.driverEvent(DESC, 4, true);
    assertThat(burst(half, 1)).as("an offset beyond the ring").isTrue();
  }

  /// Bursts of every length against places before, inside and behind what was written. Expected is
  /// the text itself, descriptor by descriptor.
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "3, 0", "5, 0", "8, 0", "256, 0", "5, 35", "256, 35"})
  void theDeviceSignalsExactlyWhenTheDescriptorAtThePlaceIsUsed(int size, int bit) {
    PackedDeviceHalf half = new PackedDeviceHalf(size, EVENT_IDX | (bit == 0 ? 0 : 1L << bit));
    Random random = new Random(size);
    long total = 0;
    int signalled = 0;
    int silent = 0;
    for (int i = 0; i < 20_000; i++) {
      int n = 1 + random.nextInt(size);
      long event = Math.max(0, total - 2 + random.nextInt(n + 4));
      half.ring.driverEvent(DESC, (int) (event % size), event / size % 2 == 0);
      // Two rounds later the same place comes again.
      boolean expected = false;
      for (long written = total; written < total + n; written++) {
        expected |= (written - event) % (2L * size) == 0;
      }
      assertThat(burst(half, n)).isEqualTo(expected);
      total += n;
      signalled += expected ? 1 : 0;
      silent += expected ? 0 : 1;
    }
    assertThat(signalled).isGreaterThan(100);
    assertThat(silent).isGreaterThan(100);
  }

  @Test
  @Clause("2.8.21.2-S1")
  void theDeviceAsksForKicksByFlagsOrForThatOfTheNextDescriptor() {
    PackedDeviceHalf flags = new PackedDeviceHalf(3, 0);
    PackedDeviceHalf place = new PackedDeviceHalf(3, EVENT_IDX);
    for (int i = 0; i < 20; i++) {
      for (PackedDeviceHalf half : new PackedDeviceHalf[] {flags, place}) {
        half.queue.suppressKicks();
        assertThat(half.ring.deviceEventFlags()).isEqualTo(DISABLE);
        assertThat(half.queue.armKicks()).isFalse();
      }
      assertThat(flags.ring.deviceEventFlags()).isEqualTo(ENABLE);
      assertThat(place.ring.deviceEventFlags()).isEqualTo(DESC);
      assertThat(place.ring.deviceEventPlace())
          .isEqualTo(place.nextAvail() | (place.availWrap() ? 0x8000 : 0));
      for (PackedDeviceHalf half : new PackedDeviceHalf[] {flags, place}) {
        half.offer(half.buffers(), 1, 0, 0);
        assertThat(half.queue.armKicks()).as("it looks again").isTrue();
        assertThat(half.serve(0)).isTrue();
        half.burst.publish();
      }
    }
  }

  private static final class Driver {
    final DriverQueue queue;
    final RawPackedRing ring;
    final int size;
    long sent;
    long used;

    Driver(int size, long features) {
      MemorySegment memory = Arena.ofAuto().allocate(1L << 16, 4096);
      GuestHeap heap = new GuestHeap(memory, 0);
      this.size = size;
      this.queue =
          DriverQueue.create(0, size, features | Feature.RING_PACKED.mask(), 0, heap, new Ledger());
      this.ring = RawPackedRing.over(memory, 0, queue.addresses());
    }

    /// Publishes `n` chains; whether a kick is wanted. They come back at once.
    boolean publish(int n) {
      for (int i = 0; i < n; i++) {
        queue.begin();
        queue.out(64, 1);
        queue.commit(i);
      }
      sent += n;
      boolean kick = queue.publish();
      for (int i = 0; i < n; i++) {
        int slot = (int) (used % size);
        ring.flags(slot, RawPackedRing.used(used / size % 2 == 0));
        used++;
        assertThat(queue.nextUsed()).isEqualTo(i);
      }
      return kick;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8, 256})
  @Clause("2.8.21.3.1-R1")
  void theDriverKicksExactlyWhenTheDescriptorAtThePlaceIsMadeAvailable(int size) {
    Driver driver = new Driver(size, EVENT_IDX);
    Random random = new Random(size);
    for (int i = 0; i < 20_000; i++) {
      int n = 1 + random.nextInt(size);
      long event = Math.max(0, driver.sent - 2 + random.nextInt(n + 4));
      driver.ring.deviceEvent(DESC, (int) (event % size), event / size % 2 == 0);
      boolean expected = false;
      for (long written = driver.sent; written < driver.sent + n; written++) {
        expected |= (written - event) % (2L * size) == 0;
      }
      assertThat(driver.publish(n)).isEqualTo(expected);
    }
    driver.ring.deviceEvent(ENABLE, 0, false);
    assertThat(driver.publish(1)).isTrue();
    driver.ring.deviceEvent(DISABLE, 0, false);
    assertThat(driver.publish(1)).isFalse();
    driver.ring.deviceEvent(ENABLE, 0, false);
    assertThat(driver.queue.publish()).as("nothing to publish").isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Clause("2.8.22-S1")
  void theDriverAsksForSignalsOfTheNextUsedDescriptorAndLooksAgain(long features) {
    Driver driver = new Driver(3, features);
    for (int i = 0; i < 20; i++) {
      driver.queue.disableSignals();
      assertThat(driver.ring.driverEventFlags()).isEqualTo(DISABLE);
      assertThat(driver.queue.enableSignals()).isFalse();
      assertThat(driver.ring.driverEventFlags()).isEqualTo(features == 0 ? ENABLE : DESC);
      if (features != 0) {
        assertThat(driver.ring.driverEventPlace())
            .isEqualTo((int) (driver.used % 3) | (driver.used / 3 % 2 == 0 ? 0x8000 : 0));
      }
      assertThat(driver.publish(1 + i % 3)).isTrue();
      driver.queue.begin();
      driver.queue.in(64, 1);
      driver.queue.commit(7);
      boolean _ = driver.queue.publish();
      driver.ring.flags((int) (driver.used % 3), RawPackedRing.used(driver.used / 3 % 2 == 0));
      driver.used++;
      driver.sent++;
      assertThat(driver.queue.enableSignals()).isTrue();
      assertThat(driver.queue.nextUsed()).isEqualTo(7);
    }
  }
}
