package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.SplitLayout;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.RawRing;

class S2_7_07_UsedBufferNotificationSuppressionTest {
  private static final long EVENT_IDX = Feature.EVENT_IDX.mask();

  /// Offers and completes `n` requests as one burst; whether the device signalled for it.
  private static boolean burst(DeviceHalf half, int n) {
    int before = half.signals();
    half.ring.desc(0, half.buffers(), 1, RawRing.WRITE, 0);
    for (int i = 0; i < n; i++) {
      half.ring.offer(0);
      assertThat(half.serve(1)).isTrue();
    }
    half.burst.publish();
    assertThat(half.signals() - before).isBetween(0, 1);
    return half.signals() > before;
  }

  @Test
  @Clause("2.7.7.2-D1")
  void withoutEventIndexTheDeviceIgnoresUsedEvent() {
    DeviceHalf half = new DeviceHalf(4, 0);
    for (int event = -6; event < 6; event++) {
      half.ring.availFlags(0);
      half.ring.usedEvent(half.ring.usedIdx() + event);
      assertThat(burst(half, 2)).isTrue();
      half.ring.availFlags(SplitLayout.AVAIL_F_NO_INTERRUPT);
      half.ring.usedEvent(half.ring.usedIdx() + event);
      assertThat(burst(half, 2)).isFalse();
    }
  }

  @Test
  @Clause("2.7.7.2-D2")
  void withoutEventIndexFlagsOfOneKeepTheDeviceSilent() {
    DeviceHalf half = new DeviceHalf(4, 0);
    half.ring.availFlags(1);
    for (int i = 0; i < 100_000; i++) {
      assertThat(burst(half, 1 + i % 4)).isFalse();
    }
    assertThat(half.signals()).isZero();
  }

  @Test
  @Clause("2.7.7.2-D3")
  void withoutEventIndexFlagsOfZeroGetANotificationForEveryBurst() {
    DeviceHalf half = new DeviceHalf(4, 0);
    for (int i = 0; i < 100_000; i++) {
      assertThat(burst(half, 1 + i % 4)).isTrue();
    }
    half.ring.availFlags(1);
    assertThat(burst(half, 1)).isFalse();
    half.ring.availFlags(0);
    assertThat(burst(half, 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  @Clause("2.7.7.2-D4")
  void withEventIndexTheDeviceIgnoresTheLowerBitOfFlags(int flags) {
    DeviceHalf half = new DeviceHalf(4, EVENT_IDX);
    half.ring.availFlags(flags);
    half.ring.usedEvent(half.ring.usedIdx());
    assertThat(burst(half, 1)).isTrue();
    half.ring.usedEvent(half.ring.usedIdx() + 2);
    assertThat(burst(half, 1)).isFalse();
  }

  /// Bursts of every length against events before, inside and behind what was written, for two
  /// turns of the index. Expected is the clause itself, entry by entry.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 256})
  @Clause({"2.7.7.2-D5", "2.7.7.2-D6"})
  void withEventIndexTheDeviceSignalsExactlyWhenTheEntryAtUsedEventIsWritten(int size) {
    DeviceHalf half = new DeviceHalf(size, EVENT_IDX);
    Random random = new Random(size);
    int total = 0;
    int signalled = 0;
    int silent = 0;
    while (total < 140_000) {
      int n = 1 + random.nextInt(size);
      int event =
          random.nextInt(8) == 0 ? random.nextInt(65_536) : total - 2 + random.nextInt(n + 4);
      boolean expected = false;
      for (int i = 0; i < n; i++) {
        expected |= (total + i & 0xffff) == (event & 0xffff);
      }
      half.ring.usedEvent(event);
      assertThat(burst(half, n)).isEqualTo(expected);
      total += n;
      signalled += expected ? 1 : 0;
      silent += expected ? 0 : 1;
    }
    assertThat(signalled).isGreaterThan(100);
    assertThat(silent).isGreaterThan(100);
  }

  @Test
  @Clause("2.7.7.2-D5")
  void theExampleOfTheStandardHolds() {
    DeviceHalf half = new DeviceHalf(1, EVENT_IDX);
    half.ring.usedEvent(0);
    for (int i = 0; i < 3 * 65_536; i++) {
      assertThat(burst(half, 1)).isEqualTo(i % 65_536 == 0);
    }
  }

  @Test
  void aBurstWithoutCompletionsSignalsNothing() {
    DeviceHalf half = new DeviceHalf(4, 0);
    half.burst.publish();
    assertThat(half.signals()).isZero();
    assertThat(half.ring.usedIdx()).isZero();
  }

  @Test
  @Clause({"2.7.7.1-R1", "2.7.7.1-R2"})
  void withoutEventIndexTheDriverSetsFlagsToZeroOrOne() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    assertThat(half.ring.availFlags()).isZero();
    for (int i = 0; i < 1000; i++) {
      half.queue.disableSignals();
      assertThat(half.ring.availFlags()).isOne();
      half.advance(1 + i % 200);
      assertThat(half.ring.availFlags()).isOne();
      assertThat(half.queue.enableSignals()).isFalse();
      assertThat(half.ring.availFlags()).isZero();
    }
  }

  @Test
  @Clause({"2.7.7.1-R3", "2.7.7.1-R4"})
  void withEventIndexTheDriverLeavesFlagsAtZeroAndUsesUsedEvent() {
    DriverHalf half = new DriverHalf(4, EVENT_IDX, 0);
    for (int i = 0; i < 1000; i++) {
      assertThat(half.queue.enableSignals()).isFalse();
      assertThat(half.ring.availFlags()).isZero();
      assertThat(half.ring.usedEvent()).isEqualTo(half.ring.usedIdx());
      half.queue.disableSignals();
      assertThat(half.ring.availFlags()).isZero();
      // The entry at used_event is not among those to come for as long as the index can tell.
      assertThat(half.ring.usedEvent()).isEqualTo(half.ring.usedIdx() - 1 & 0xffff);
      half.advance(1 + i % 200);
      assertThat(half.ring.availFlags()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Clause("2.7.7.1-R5")
  void aNotificationWithoutUsedBuffersChangesNothing(long features) {
    DriverHalf half = new DriverHalf(4, features, 0);
    half.add(11);
    boolean _ = half.queue.publish();
    for (int i = 0; i < 10; i++) {
      // What a driver does on a notification: mask, drain, unmask, look again.
      half.queue.disableSignals();
      assertThat(half.queue.hasUsed()).isFalse();
      assertThat(half.queue.nextUsed()).isEqualTo(-1);
      assertThat(half.queue.enableSignals()).isFalse();
      assertThat(half.queue.free()).isEqualTo(3);
    }
    half.ring.use(half.ring.availElement(0), 5);
    assertThat(half.queue.nextUsed()).isEqualTo(11);
    assertThat(half.queue.nextUsed()).isEqualTo(-1);
    assertThat(half.queue.idle()).isTrue();
  }
}
