package org.vbus.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
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
    scale.measure(20_000);

    assertThat(scale.table().rows()).hasSize(2);
    for (Map<String, Object> row : scale.table().rows()) {
      for (String key : new String[] {"learnNanos", "knownNanos", "lookupNanos", "unknownNanos"}) {
        assertThat((double) row.get(key)).as(key).isPositive();
      }
    }
    Map<String, Object> large = scale.table().rows().getLast();
    assertThat((double) large.get("bytesPerAddress")).isBetween(40.0, 110.0);
    assertThat((long) large.get("notLearned")).isLessThan(200);
  }
}
