package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DriverHalf;

class S2_7_14_ReceivingUsedBuffersTest {
  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 29})
  @Clause("2.7.14-S1")
  void aDriverThatAsksForSignalsLooksAgainForWhatCameWithoutOne(long features) {
    DriverHalf half = new DriverHalf(4, features, 0);
    half.advance(65_534);
    for (int i = 0; i < 6; i++) {
      half.add(i);
      boolean _ = half.queue.publish();
      half.queue.disableSignals();
      assertThat(half.queue.nextUsed()).isEqualTo(-1);
      half.ring.use(half.ring.availElement(half.ring.availIdx() - 1), 0);
      assertThat(half.queue.enableSignals()).isTrue();
      assertThat(half.queue.nextUsed()).isEqualTo(i);
      assertThat(half.queue.enableSignals()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void descriptorsOfReturnedChainsAreFreeAgainInAnyOrderOfReturn(int indirectEntries) {
    DriverHalf half = new DriverHalf(8, 1L << 28, indirectEntries);
    int perChain = indirectEntries > 0 ? 1 : 2;
    for (int round = 0; round < 100; round++) {
      for (int i = 0; i < 4; i++) {
        half.queue.begin();
        half.queue.out(DriverHalf.BASE, 1);
        half.queue.in(DriverHalf.BASE, 1);
        half.queue.commit(i);
      }
      assertThat(half.queue.free()).isEqualTo(8 - 4 * perChain);
      boolean _ = half.queue.publish();
      for (int i = 0; i < 4; i++) {
        int k = (i * 3 + round) % 4;
        half.ring.use(half.ring.availElement(4 * round + k), 0);
        assertThat(half.queue.nextUsed()).isEqualTo(k);
        assertThat(half.queue.free()).isEqualTo(8 - (3 - i) * perChain);
      }
    }
    assertThat(half.queue.idle()).isTrue();
  }
}
