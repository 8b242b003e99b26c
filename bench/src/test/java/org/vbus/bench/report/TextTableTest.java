package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TextTableTest {
  static List<BenchReport> reports() {
    return List.of(
        SampleReport.counted(),
        SampleReport.bothKinds(),
        SampleReport.hostile(),
        SampleReport.extreme());
  }

  @ParameterizedTest
  @MethodSource("reports")
  void fitsIn120Columns(BenchReport report) {
    assertThat(TextTable.of(report).lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
  }

  @ParameterizedTest
  @MethodSource("reports")
  void leavesTheTerminalAlone(BenchReport report) {
    assertThat(TextTable.of(report)).matches("[\\n\\P{Cc}]*").doesNotContain("\u202e");
  }

  @Test
  void hasARowForEveryRunGroupedByDevicesThenLoad() {
    List<List<String>> rows = rows(TextTable.of(SampleReport.counted()));
    assertThat(rows).hasSize(90);
    assertThat(rows.stream().map(row -> row.get(2) + " " + row.get(3)).distinct())
        .containsExactly(
            "1 one", "1 0.1", "1 0.5", "1 0.9", "1 max", "4 one", "4 0.1", "4 0.5", "4 0.9",
            "4 max", "16 one", "16 0.1", "16 0.5", "16 0.9", "16 max");
    assertThat(rows.subList(0, 6).stream().map(row -> row.get(0) + " " + row.get(1)))
        .containsExactly(
            "direct off", "direct on", "ring off", "ring on", "polled off", "polled on");
  }

  @Test
  void printsTheExitsWithTheirParts() {
    List<String> row = rows(TextTable.of(SampleReport.counted())).getFirst();
    // policy, index, devices, load, kIO/s, exits, kicks, interrupts, registers, halts, ...
    assertThat(row.subList(5, 10)).containsExactly("2.820", "1.000", "1.000", "0.020", "0.800");
    assertThat(row).hasSize(17);
  }

  @Test
  void saysWhatTheFiguresAreAboveEachTable() {
    String text = TextTable.of(SampleReport.bothKinds());
    assertThat(text)
        .containsSubsequence(
            "loopback: figures are counted at the crossing by vbus; no figure is modelled",
            "exits/IO = kicks",
            "kvm: figures are measured",
            "exits/IO = all exits");
    assertThat(text).contains("\nlabel: port\n").doesNotContain("kvmExitsPerIo=");
  }

  @Test
  void tellsExactZeroFromSmallAndFromNotCounted() {
    String kvm = TextTable.of(SampleReport.bothKinds());
    assertThat(rows(kvm.substring(kvm.indexOf("kvm:"))).getFirst().get(11)).isEqualTo("-");
    List<List<String>> rows = rows(TextTable.of(SampleReport.extreme()));
    assertThat(rows.get(0).get(5)).isEqualTo("0");
    assertThat(rows.get(1).get(5)).isEqualTo("<.001");
  }

  private static List<List<String>> rows(String text) {
    return text.lines()
        .map(line -> List.of(line.strip().split(" +", -1)))
        .filter(cells -> cells.size() > 15 && List.of("on", "off").contains(cells.get(1)))
        .toList();
  }
}
