package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.RawRing;

class S2_7_10_AvailableBufferNotificationSuppressionTest {
  private static final long EVENT_IDX = Feature.EVENT_IDX.mask();

  /// Offers `n` chains at once, which the device returns; whether the driver kicked.
  private static boolean batch(DriverHalf half, int n) {
    for (int i = 0; i < n; i++) {
      half.add(i);
    }
    boolean kick = half.queue.publish();
    int idx = half.ring.availIdx();
    for (int i = idx - n; i < idx; i++) {
      half.ring.use(half.ring.availElement(i), 0);
      assertThat(half.queue.nextUsed()).isNotNegative();
    }
    return kick;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 256, 32768})
  @Clause("2.7.10.1-R1")
  void theDriverInitialisesTheUsedRingInMemoryThatWasUsedBefore(int size) {
    DriverHalf half = new DriverHalf(size, 0, 0);
    assertThat(half.ring.usedFlags()).isZero();
    assertThat(half.ring.usedIdx()).isZero();
    assertThat(half.ring.availFlags()).isZero();
    assertThat(half.ring.availIdx()).isZero();
    half.ring.usedFlags(1);
    half.queue.release();
    DriverHalf again = new DriverHalf(size, 0, 0);
    assertThat(again.ring.usedFlags()).isZero();
  }

  @Test
  @Clause("2.7.10.1-R2")
  void withoutEventIndexTheDriverIgnoresAvailEvent() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    for (int event = -6; event < 6; event++) {
      half.ring.usedFlags(0);
      half.ring.availEvent(half.ring.availIdx() + event);
      assertThat(batch(half, 2)).isTrue();
      half.ring.usedFlags(1);
      half.ring.availEvent(half.ring.availIdx() + event);
      assertThat(batch(half, 2)).isFalse();
    }
  }

  @Test
  @Clause({"2.7.10.1-R3", "2.7.10.1-R4"})
  void withoutEventIndexUsedFlagsDecideAboutEveryBatch() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    Random random = new Random(10);
    for (int i = 0; i < 60_000; i++) {
      int flags = random.nextInt(2);
      half.ring.usedFlags(flags);
      assertThat(batch(half, 1 + i % 4)).isEqualTo(flags == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  @Clause("2.7.10.1-R5")
  void withEventIndexTheDriverIgnoresTheLowerBitOfUsedFlags(int flags) {
    DriverHalf half = new DriverHalf(4, EVENT_IDX, 0);
    half.ring.usedFlags(flags);
    half.ring.availEvent(half.ring.availIdx());
    assertThat(batch(half, 1)).isTrue();
    half.ring.availEvent(half.ring.availIdx() + 2);
    assertThat(batch(half, 1)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 256})
  @Clause({"2.7.10.1-R6", "2.7.10.1-R7"})
  void withEventIndexTheDriverKicksExactlyWhenTheEntryAtAvailEventIsWritten(int size) {
    DriverHalf half = new DriverHalf(size, EVENT_IDX, 0);
    Random random = new Random(size);
    int total = 0;
    int kicked = 0;
    int silent = 0;
    while (total < 140_000) {
      int n = 1 + random.nextInt(size);
      int event =
          random.nextInt(8) == 0 ? random.nextInt(65_536) : total - 2 + random.nextInt(n + 4);
      boolean expected = false;
      for (int i = 0; i < n; i++) {
        expected |= (total + i & 0xffff) == (event & 0xffff);
      }
      half.ring.availEvent(event);
      assertThat(batch(half, n)).isEqualTo(expected);
      total += n;
      kicked += expected ? 1 : 0;
      silent += expected ? 0 : 1;
    }
    assertThat(kicked).isGreaterThan(100);
    assertThat(silent).isGreaterThan(100);
  }

  @Test
  void aDriverThatOffersNothingDoesNotKick() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    assertThat(half.queue.publish()).isFalse();
    assertThat(batch(half, 3)).isTrue();
    assertThat(half.queue.publish()).isFalse();
  }

  @Test
  @Clause({"2.7.10.2-D1", "2.7.10.2-D2"})
  void withoutEventIndexTheDeviceSetsUsedFlagsToZeroOrOne() {
    DeviceHalf half = new DeviceHalf(4, 0);
    for (int i = 0; i < 1000; i++) {
      half.queue.suppressKicks();
      assertThat(half.ring.usedFlags()).isOne();
      half.advance(1 + i % 200);
      assertThat(half.ring.usedFlags()).isOne();
      assertThat(half.queue.armKicks()).isFalse();
      assertThat(half.ring.usedFlags()).isZero();
      half.advance(1);
      assertThat(half.ring.usedFlags()).isZero();
    }
    assertThat(half.ring.availEvent()).isZero();
  }

  @Test
  @Clause({"2.7.10.2-D3", "2.7.10.2-D4"})
  void withEventIndexTheDeviceLeavesUsedFlagsAtZeroAndUsesAvailEvent() {
    DeviceHalf half = new DeviceHalf(4, EVENT_IDX);
    for (int i = 0; i < 1000; i++) {
      half.queue.suppressKicks();
      assertThat(half.ring.usedFlags()).isZero();
      assertThat(half.ring.availEvent()).isEqualTo(half.ring.availIdx() - 1 & 0xffff);
      half.advance(1 + i % 200);
      assertThat(half.ring.usedFlags()).isZero();
      assertThat(half.queue.armKicks()).isFalse();
      assertThat(half.ring.usedFlags()).isZero();
      assertThat(half.ring.availEvent()).isEqualTo(half.ring.availIdx());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  void aDeviceThatAsksForKicksLooksAgainForWhatCameWithoutOne(long features) {
    DeviceHalf half = new DeviceHalf(4, features);
    half.advance(65_534);
    for (int i = 0; i < 6; i++) {
      half.queue.suppressKicks();
      half.ring.desc(1, half.buffers(), 1, RawRing.WRITE, 0);
      half.ring.offer(1);
      assertThat(half.queue.armKicks()).isTrue();
      assertThat(half.serve(1)).isTrue();
      assertThat(half.queue.armKicks()).isFalse();
      half.burst.publish();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Clause("2.7.10.2-D5")
  void aKickWithoutRequestsChangesNothing(long features) {
    DeviceHalf half = new DeviceHalf(4, features);
    for (int i = 0; i < 10; i++) {
      // What a loop does on a kick: disarm, poll, publish, arm, look again.
      half.queue.suppressKicks();
      assertThat(half.queue.available()).isZero();
      assertThat(half.serve(0)).isFalse();
      half.burst.publish();
      assertThat(half.queue.armKicks()).isFalse();
    }
    assertThat(half.ring.usedIdx()).isZero();
    assertThat(half.signals()).isZero();
    assertThat(half.queue.fault()).isNull();
    half.advance(1);
    assertThat(half.ring.usedIdx()).isOne();
  }
}
