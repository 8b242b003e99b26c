package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunTest {
  private static final Latency LATENCY = new Latency(1, 2, 3);

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.1})
  void refusesFiguresThatCannotBeCounts(double figure) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(0.5, 10, figure, "counted", Map.of(), Map.of()))
        .withMessageContaining("exitsPerIo");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(0.5, 10, 1, "counted", Map.of("halts", figure), Map.of()))
        .withMessageContaining("halts");
    assertThatIllegalArgumentException().isThrownBy(() -> new Latency(1, 2, figure));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(figure, 10, 1, "counted", Map.of(), Map.of()))
        .withMessageContaining("load");
  }

  @Test
  void refusesPercentilesOutOfOrder() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Latency(3, 2, 4));
  }

  @Test
  void refusesARunWithoutIo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(0.5, 0, 1, "counted", Map.of(), Map.of()));
  }

  @Test
  void refusesModelledFigures() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(0.5, 10, 1, "modelled", Map.of(), Map.of()))
        .withMessageContaining("modelled");
  }

  @Test
  void refusesExtraFieldsThatReplaceAFieldOrAreNoPlainValue() {
    for (Map<String, Object> extra :
        List.<Map<String, Object>>of(
            Map.of("kind", "counted"), Map.of("batch", Double.NaN), Map.of("batch", List.of(1)))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run(0.5, 10, 1, "counted", Map.of(), extra));
    }
  }

  @Test
  void tellsAPartThatIsZeroFromOneThatWasNotCounted() {
    Run run = run(0.5, 10, 1, "counted", Map.of("halts", 0.0), Map.of());
    assertThat(run.part("halts")).hasValue(0);
    assertThat(run.part("wakes")).isEmpty();
    assertThat(run.part("kicks")).hasValue(run.kicksPerIo());
  }

  private static Run run(
      double load,
      long ios,
      double exits,
      String kind,
      Map<String, Double> parts,
      Map<String, Object> extra) {
    return new Run(
        "loopback",
        "ring",
        true,
        1,
        load,
        ios,
        1,
        0.25,
        0.5,
        exits,
        kind,
        10,
        LATENCY,
        parts,
        extra);
  }
}
