package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleTest {
  @Test
  void isLinearFromZeroForValuesOfOneSize() {
    Scale scale = Scale.of(DoubleStream.of(0, 0.4, 2.8));
    assertThat(scale.isLog()).isFalse();
    assertThat(scale.ticks()).extracting(Scale.Tick::label).startsWith("0").endsWith("3");
    assertThat(scale.height(0)).isZero();
    assertThat(scale.height(1.5)).isEqualTo(0.5);
  }

  @Test
  void isLogarithmicForValuesOfManySizesAndKeepsZerosApart() {
    Scale scale = Scale.of(DoubleStream.of(0, 0.004, 2.8));
    assertThat(scale.isLog()).isTrue();
    assertThat(scale.hasZeroLine()).isTrue();
    assertThat(scale.height(0)).isZero();
    assertThat(scale.height(0.004)).isGreaterThan(0.1);
    assertThat(scale.height(0.2) - scale.height(0.02))
        .isCloseTo(scale.height(2) - scale.height(0.2), org.assertj.core.data.Offset.offset(1e-9));
    assertThat(scale.ticks())
        .extracting(Scale.Tick::label)
        .containsExactly("0", "0.01", "0.1", "1");
    assertThat(Scale.of(DoubleStream.of(0.03, 1.5)).ticks())
        .extracting(Scale.Tick::label)
        .containsExactly("0.02", "0.05", "0.1", "0.2", "0.5", "1", "2");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0, 1e-300",
    "1e-9, 1e9",
    "0.1, 2.9",
    "1, 30",
    "1, 31",
    "7, 7",
    "0, 1.7e308",
    "4.9e-324, 1.7e308"
  })
  void putsEveryValueAndTickInsideTheChart(double low, double high) {
    Scale scale = Scale.of(DoubleStream.of(low, high));
    assertThat(DoubleStream.of(low, high).map(scale::height))
        .allSatisfy(height -> assertThat(height).isBetween(0.0, 1.0));
    assertThat(scale.ticks())
        .hasSizeBetween(2, 11)
        .allSatisfy(tick -> assertThat(tick.height()).isBetween(0.0, 1.0 + 1e-9));
  }
}
