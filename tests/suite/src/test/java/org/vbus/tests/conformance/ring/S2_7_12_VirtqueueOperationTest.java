package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.memory.LittleEndian;
import org.vbus.tests.conformance.Clause;

/// Both halves together for more than a full turn of the indexes.
class S2_7_12_VirtqueueOperationTest {
  private static final int ENTRIES = 140_000;
  private int signals;

  @ParameterizedTest
  @CsvSource({
    "1, 0", "1, 0x20000000", "1, 0x10000000",
    "2, 0", "2, 0x20000000", "2, 0x30000000",
    "256, 0", "256, 0x20000000", "256, 0x30000000",
    "32768, 0", "32768, 0x20000000", "32768, 0x30000000",
  })
  @Clause({"2.7.13-S1", "2.7.13.2-S1", "2.7.13.2-S2", "2.7.13.3-S1", "2.7.13.4-S1", "2.7.14-S1"})
  void batchesOfEverySizeComeBackCompleteAndNotificationsFollowWhatBothSidesAskedFor(
      int size, long features) {
    BothHalves both = new BothHalves(size, features, () -> signals++);
    int total = 0;
    int kicks = 0;
    int expected = 0;
    for (int batch = 0; total < ENTRIES; batch++) {
      int n = Math.min(size, 1 + batch * 37 % size + (batch % 3 == 0 ? size : 0));
      boolean wanted = batch % 2 == 0;
      if (wanted) {
        assertThat(both.device.armKicks()).isFalse();
        assertThat(both.driver.enableSignals()).isFalse();
        expected++;
      } else {
        both.device.suppressKicks();
        both.driver.disableSignals();
      }
      for (int i = 0; i < n; i++) {
        both.add(i);
      }
      assertThat(both.device.available()).isZero();
      kicks += both.driver.publish() ? 1 : 0;
      assertThat(kicks).isEqualTo(expected);
      assertThat(both.device.available()).isEqualTo(n);
      serve(both, total, n);
      assertThat(signals).isEqualTo(expected);
      reclaim(both, total, n);
      total += n;
    }
    assertThat(both.driver.idle()).isTrue();
    assertThat(both.device.fault()).isNull();
    assertThat(both.memory.guardsIntact()).isTrue();
  }

  private static void serve(BothHalves both, int total, int n) {
    for (int i = 0; i < n; i++) {
      assertThat(both.device.peek(both.chain)).isTrue();
      both.segment.set(LittleEndian.LONG_ANY, both.chain.offset(0), total + i + 0x1234_0000_0000L);
      both.device.complete(both.chain, 1 + (total + i) % 8);
    }
    assertThat(both.device.peek(both.chain)).isFalse();
    assertThat(both.driver.hasUsed()).isFalse();
    both.burst.publish();
  }

  private static void reclaim(BothHalves both, int total, int n) {
    for (int i = 0; i < n; i++) {
      assertThat(both.driver.nextUsed()).isEqualTo(i);
      assertThat(both.driver.usedLength()).isEqualTo(1 + (total + i) % 8);
      assertThat(both.segment.get(LittleEndian.LONG_ANY, both.buffers + 8L * i))
          .isEqualTo(total + i + 0x1234_0000_0000L);
    }
    assertThat(both.driver.nextUsed()).isEqualTo(-1);
  }
}
