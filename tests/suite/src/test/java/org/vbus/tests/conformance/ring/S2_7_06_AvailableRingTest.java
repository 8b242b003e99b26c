package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.RawRing;

class S2_7_06_AvailableRingTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 256})
  @Clause("2.7.6.1-R1")
  void theAvailIndexStartsAtZeroAndOnlyGoesForward(int size) {
    DriverHalf half = new DriverHalf(size, 0, 0);
    assertThat(half.ring.availIdx()).isZero();
    Random random = new Random(6);
    int offered = 0;
    int returned = 0;
    while (offered < 150_000) {
      int n = random.nextInt(half.queue.free() + 1);
      for (int i = 0; i < n; i++) {
        half.add(i);
        assertThat(half.ring.availIdx()).isEqualTo(offered & 0xffff);
      }
      boolean _ = half.queue.publish();
      offered += n;
      assertThat(half.ring.availIdx()).isEqualTo(offered & 0xffff);
      for (int back = random.nextInt(offered - returned + 1); back > 0; back--) {
        half.ring.use(half.ring.availElement(returned++), 0);
        assertThat(half.queue.nextUsed()).isNotNegative();
        assertThat(half.ring.availIdx()).isEqualTo(offered & 0xffff);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 256, 32768})
  void theDeviceFollowsTheIndexAroundItsSixteenBits(int size) {
    DeviceHalf half = new DeviceHalf(size, 0);
    long data = half.buffers();
    for (int i = 0; i < size; i++) {
      half.ring.desc(i, data + i, 1, RawRing.WRITE, 0);
    }
    int total = 0;
    Random random = new Random(7);
    while (total < 140_000) {
      int n = Math.min(size, 1 + random.nextInt(size));
      for (int i = 0; i < n; i++) {
        half.ring.availElement(total + i, (total + i) * 5 & size - 1);
      }
      half.ring.availIdx(total + n);
      assertThat(half.queue.available()).isEqualTo(n);
      for (int i = 0; i < n; i++) {
        assertThat(half.queue.peek(half.chain)).isTrue();
        int head = (total + i) * 5 & size - 1;
        assertThat(half.chain.head()).isEqualTo(head);
        assertThat(half.chain.offset(0)).isEqualTo(data + head - 0x4000_0000L);
        half.queue.complete(half.chain, i);
      }
      assertThat(half.queue.peek(half.chain)).isFalse();
      half.burst.publish();
      for (int i = 0; i < n; i++) {
        assertThat(half.ring.usedId(total + i)).isEqualTo((total + i) * 5 & size - 1);
        assertThat(half.ring.usedLen(total + i)).isEqualTo(i);
      }
      total += n;
      assertThat(half.ring.usedIdx()).isEqualTo(total & 0xffff);
    }
    assertThat(half.queue.fault()).isNull();
  }

  @Test
  void theDeviceLooksAheadAcrossTheWrap() {
    DeviceHalf half = new DeviceHalf(8, 0);
    half.advance(65_533);
    for (int i = 0; i < 8; i++) {
      half.ring.desc(i, half.buffers(), i + 1, RawRing.WRITE, 0);
    }
    for (int i = 0; i < 6; i++) {
      half.ring.offer(i);
    }
    for (int ahead = 0; ahead < 6; ahead++) {
      assertThat(half.queue.peek(half.chain, ahead)).isTrue();
      assertThat(half.chain.head()).isEqualTo(ahead);
    }
    assertThat(half.queue.peek(half.chain, 6)).isFalse();
    assertThat(half.queue.available()).isEqualTo(6);
    assertThat(half.ring.availIdx()).isEqualTo(3);
  }
}
