package org.vbus.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoDropSearchTest {
  private final List<Double> tried = new ArrayList<>();

  private double search(double limit) {
    return NoDropSearch.search(
        1000,
        1_000_000,
        1.05,
        rate -> {
          tried.add(rate);
          return rate <= limit;
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {2, 150, 999, 1000, 1001, 34_567, 999_000})
  void findsTheLimitFromEitherSide(double limit) {
    assertThat(search(limit)).isBetween(limit / 1.05, limit);
    assertThat(tried).hasSizeLessThan(20);
  }

  @Test
  void stopsWhereNobodyLooks() {
    assertThat(search(1e9)).isEqualTo(1_000_000);
  }

  @Test
  void givesUpWhereNothingHolds() {
    assertThat(search(0)).isZero();
    assertThat(tried).hasSize(11);
  }
}
