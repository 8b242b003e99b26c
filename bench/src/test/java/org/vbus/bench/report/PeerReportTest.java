package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerReportTest {
  private static PeerPair pair(String distance, double ours, double theirs) {
    return new PeerPair(distance, ours, theirs, Map.of("oursProbeBeforeNanos", 90.0));
  }

  private static PeerReport report() {
    PeerRow measured =
        new PeerRow(
            "guests",
            "64",
            "packed",
            true,
            1,
            "ovs",
            8128,
            List.of(
                pair("near", 6, 10), pair("far", 2, 8), pair("near", 5, 10), pair("near", 9, 10)),
            List.of("theirs: probe 102 then 476 ns"));
    PeerRow nothing =
        new PeerRow(
            "io", "1518", "split", false, 2, "testpmd", 0, List.of(), List.of("ours: <no frames>"));
    return new PeerReport(
        SampleReport.environment(),
        Map.of("ovs", "Open vSwitch 3.1.0"),
        List.of(measured, nothing),
        List.of("no imix"));
  }

  @Test
  void aSpreadIsMedianAndExtremes() {
    assertThat(Spread.of(List.of(3.0, 1.0, 2.0))).isEqualTo(new Spread(2, 1, 3));
    assertThat(Spread.of(List.of(1.0, 2.0, 10.0, 4.0))).isEqualTo(new Spread(3, 1, 10));
    assertThat(Spread.of(List.of(7.0))).isEqualTo(new Spread(7, 7, 7));
    assertThatThrownBy(() -> Spread.median(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pairsOfOneDistanceStayTogether() {
    assertThat(report().rows().getFirst().groups())
        .containsExactly(
            new PeerRow.Group(
                "near", 3, new Spread(6, 5, 9), new Spread(10, 10, 10), new Spread(0.6, 0.5, 0.9)),
            new PeerRow.Group(
                "far", 1, new Spread(2, 2, 2), new Spread(8, 8, 8), new Spread(.25, .25, .25)));
  }

  @Test
  void theTableHasALineForEachDistanceAndSaysWhatDoesNotCount() {
    String text = report().text();
    assertThat(text.lines()).allMatch(line -> line.length() <= 120);
    assertThat(text)
        .containsPattern(
            "guests +64 +packed +on +1 +ovs +near +3 +6.00 +10.00 +0.60 +0.50 +0.90 +1")
        .containsPattern("guests .* far +1 +2.00 +8.00 +0.25")
        .containsPattern("io +1518 +split +off +2 +testpmd +- +0")
        .contains("<no frames>", "Left out: no imix", "Open vSwitch 3.1.0");
  }

  @Test
  void jsonHasTheRatiosThePairsAndWhatDoesNotCount() {
    String json = report().json();
    assertThat(TinyJson.parse(json))
        .isInstanceOf(Map.class)
        .asString()
        .contains(
            "verifiedFrames=8128",
            "results=[{distance=near, pairs=3.0, ratio={median=0.6, low=0.5, high=0.9}",
            "oursProbeBeforeNanos=90.0",
            "discarded=[theirs: probe 102 then 476 ns]",
            "leftOut=[no imix]");
  }

  @Test
  void thePageIsWellFormed() throws Exception {
    assertThat(report().html())
        .contains("<td>0.60</td>", "no imix", "Open vSwitch 3.1.0")
        .doesNotContain("<script");
    assertThat(HtmlReportTest.parse(report().html()).getDocumentElement().getTagName())
        .isEqualTo("html");
  }
}
