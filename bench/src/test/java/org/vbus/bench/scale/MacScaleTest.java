package org.vbus.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.bench.Progress;

class MacScaleTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 97, 1000, 99_999})
  void theOrderVisitsEveryAddress(int count) {
    int stride = MacScale.stride(count);
    BitSet seen = new BitSet();
    for (int i = 0, number = 0; i < count; i++, number = (number + stride) % count) {
      seen.set(number);
    }
    assertThat(seen.cardinality()).isEqualTo(count);
  }

  @Test
  void aTableOfEachSizeIsFilledAndUsed() {
    MacScale scale = new MacScale(Duration.ofMillis(20), Progress.none());
    scale.measure(10);
    scale.measure(100_000);

    assertThat(scale.table().rows()).hasSize(2);
    for (Map<String, Object> row : scale.table().rows()) {
      for (String key : new String[] {"learnNanos", "knownNanos", "lookupNanos", "unknownNanos"}) {
        assertThat(figure(row, key)).as(key).isPositive();
      }
    }
    Map<String, Object> large = scale.table().rows().getLast();
    assertThat(figure(large, "bytesPerAddress")).isBetween(40.0, 200.0);
    assertThat(figure(large, "notLearned")).isLessThan(1000);
  }

  private static double figure(Map<String, Object> row, String key) {
    return ((Number) Objects.requireNonNull(row.get(key))).doubleValue();
  }
}
