package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoadReportTest {
  private static final String POLL = "poll";

  private static LoadSample sample(
      String cores, double offered, double achieved, double p50, double spare, double waited) {
    boolean saturated = achieved < offered;
    return new LoadSample(
        cores, offered, achieved, 0.0004, saturated, 0.25, 250, 0.5, 0.0001, p50, 20, 30, 40.5,
        spare, waited);
  }

  private static LoadPoint point(String part, String side, String load, LoadSample... samples) {
    return new LoadPoint(part, side, POLL, load, List.of(samples));
  }

  private static LoadReport report() {
    return new LoadReport(
        SampleReport.environment(),
        Map.of("testpmd", "DPDK <22>"),
        List.of(
            point(LoadReport.SWEEP, "vbus", "1M", sample("near", 1e6, 1e6, 7, .6, 0)),
            point(LoadReport.SWEEP, "vbus", "2M", sample("near", 2e6, 1.5e6, 7, .01, .2)),
            point(LoadReport.SWEEP, "testpmd", "1M", sample("far", 1e6, 1e6, 3, .6, 0)),
            point(LoadReport.ROUND_TRIP, "vbus", "90 %", sample("near", 9e5, 8.9e5, 9, .4, 0)),
            point(LoadReport.ROUND_TRIP, "testpmd", "90 %", sample("near", 2e6, 2e6, 2, .4, 0))),
        List.of(new LoadRate("vbus", List.of(1e6, 3e6, 2e6), List.of("near", "far", "near"))),
        List.of(new LoadIdle("vbus", 100, List.of(0.0003))),
        List.of("ovs: not there"));
  }

  @Test
  void samplesThatSomebodyDisturbedDoNotCountWhereThereAreOthers() {
    LoadSample disturbed = sample("near", 1e6, 1e6, 1000, .5, .5);
    LoadPoint point =
        point("sweep", "vbus", "1M", disturbed, sample("near", 1e6, 1e6, 7, .5, .01), disturbed);
    assertThat(point.median(LoadSample::p50)).isEqualTo(7);
    assertThat(point.disturbed()).isFalse();
    LoadPoint worst = point("sweep", "vbus", "1M", disturbed);
    assertThat(worst.median(LoadSample::p50)).isEqualTo(1000);
    assertThat(worst.disturbed()).isTrue();
  }

  @Test
  void processorsThatMovedAreNotMixed() {
    LoadPoint point =
        point(
            "sweep",
            "vbus",
            "1M",
            sample("far", 1e6, 1e6, 30, .5, 0),
            sample("near", 1e6, 1e6, 5, .5, 0),
            sample("near", 1e6, 1e6, 7, .5, 0));
    assertThat(point.cores()).isEqualTo("near");
    assertThat(point.median(LoadSample::p50)).isEqualTo(6);
  }

  @Test
  void aStepWithoutSamplesIsRefused() {
    assertThatThrownBy(() -> point("sweep", "vbus", "1M"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theTableSaysWhoIsTheLimitAndGivesNoLatencyOfAnOverload() {
    String text = report().text();
    assertThat(text.lines()).allMatch(line -> line.length() <= 120);
    assertThat(text)
        .containsPattern("vbus +near +1M +1000 +1000 +0.04 +25.0 +250 +0.500 +<.001 +7.00 .* 60\\R")
        .containsPattern("vbus +near +2M ! +2000 +1500 .* - +- +- +- +1 G\\R")
        .containsPattern("vbus +near +90 % +900 +890 .* 9.00 +20.00 +30.00 +40.50 +40\\R")
        .containsPattern("vbus +near far +2000 +1000 +3000")
        .containsPattern("vbus +100 +0.03")
        .contains("Left out: ovs: not there", "testpmd: DPDK <22>");
    assertThat(text).containsPattern("(?s)vbus +near +2M.*testpmd +far +1M");
  }

  @Test
  void jsonHasMediansAndAllSamples() {
    assertThat(TinyJson.parse(report().json()))
        .isInstanceOf(Map.class)
        .asString()
        .contains(
            "backEnds={testpmd=DPDK <22>}",
            "part=sweep, backEnd=vbus, guests=poll, load=1M, saturated=false",
            "p50Micros=7.0",
            "samples=[{cores=near",
            "noDropRates=[{backEnd=vbus, medianPerSecond=2000000.0",
            "idle=[{backEnd=vbus, devices=100.0, cpu=[3.0E-4]}]",
            "leftOut=[ovs: not there]");
  }

  @Test
  void thePageIsWellFormedAndHasAChartForEachMeasure() throws Exception {
    String html = report().html();
    assertThat(html)
        .contains("ovs: not there", "DPDK &lt;22&gt;", "guests that poll")
        .doesNotContain("<script", "NaN");
    assertThat(HtmlReportTest.parse(html).getElementsByTagName("figure").getLength()).isEqualTo(2);
    assertThat(html.split("class=\"chart\"", -1)).hasSize(1 + 2 * 6);
  }
}
