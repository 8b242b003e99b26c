package org.vbus.bench.micro.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CaseTest {
  @Test
  void everyCombinationOfParametersIsACase() {
    List<Case> cases =
        Case.parse(
            List.of(
                "Benchmarks: ",
                "org.vbus.bench.micro.RingBenchmark.deviceHalf",
                "  param \"burst\" = {1, 32}",
                "  param \"format\" = {SPLIT, PACKED}",
                "org.vbus.bench.micro.SignalBenchmark.injectMasked"));

    assertThat(cases)
        .extracting(Case::toString)
        .containsExactly(
            "RingBenchmark.deviceHalf burst=1 format=SPLIT",
            "RingBenchmark.deviceHalf burst=1 format=PACKED",
            "RingBenchmark.deviceHalf burst=32 format=SPLIT",
            "RingBenchmark.deviceHalf burst=32 format=PACKED",
            "SignalBenchmark.injectMasked");
    assertThat(cases.getFirst().method())
        .isEqualTo("org.vbus.bench.micro.RingBenchmark.deviceHalf");
  }

  @Test
  void aListOfNothingHasNoCase() {
    assertThat(Case.parse(List.of("No matching benchmarks. Miss-spelled regexp?"))).isEmpty();
  }
}
