package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class JsonReportTest {
  private static final String[] RUN_FIELDS = {
    "connector",
    "policy",
    "eventIdx",
    "devices",
    "load",
    "ios",
    "seconds",
    "kicksPerIo",
    "interruptsPerIo",
    "exitsPerIo",
    "kind",
    "iosPerSecond",
    "latencyMicros",
    "parts"
  };

  @Test
  void hasExactlyTheDocumentedFieldsInTheirOrder() {
    Map<?, ?> report = parse(SampleReport.counted());
    assertThat(names(report)).containsExactly("environment", "runs");
    assertThat(names(report.get("environment")))
        .containsExactly(
            "cpu",
            "cores",
            "kernel",
            "jdk",
            "jvmFlags",
            "collector",
            "version",
            "commit",
            "date",
            "notes");
    assertThat(runs(report)).hasSize(90);
    for (Map<?, ?> run : runs(report)) {
      assertThat(names(run)).containsExactly(RUN_FIELDS);
      assertThat(names(run.get("latencyMicros"))).containsExactly("p50", "p99", "p999");
    }
  }

  @Test
  void keepsEveryFigureExactly() {
    BenchReport report = SampleReport.extreme();
    List<Map<?, ?>> runs = runs(parse(report));
    for (int i = 0; i < runs.size(); i++) {
      Run run = report.runs().get(i);
      assertThat(runs.get(i).get("exitsPerIo")).isEqualTo(run.exitsPerIo());
      assertThat(runs.get(i).get("load")).isEqualTo(run.load());
      assertThat(runs.get(i).get("eventIdx")).isEqualTo(run.eventIdx());
      assertThat(runs.get(i).get("parts")).isEqualTo(run.parts());
    }
  }

  @Test
  void appendsTheExtraFieldsOfAConnector() {
    Map<?, ?> run = runs(parse(SampleReport.bothKinds())).getLast();
    assertThat(names(run))
        .startsWith(RUN_FIELDS)
        .endsWith("batch", "label", "kvmExitsPerIo", "userExitsPerIo", "trapEventsPerIo")
        .hasSize(RUN_FIELDS.length + 5);
    assertThat(run.get("kind")).isEqualTo("measured");
  }

  @Test
  void carriesHostileTextUnchanged() {
    Map<?, ?> report = parse(SampleReport.hostile());
    Map<?, ?> run = runs(report).getFirst();
    assertThat(run.get("policy")).isEqualTo(SampleReport.HOSTILE);
    assertThat(run.get(SampleReport.HOSTILE)).isEqualTo(SampleReport.HOSTILE);
    assertThat(((Map<?, ?>) Objects.requireNonNull(report.get("environment"))).get("commit"))
        .isEqualTo(SampleReport.HOSTILE);
  }

  @Test
  void isJsonForAnEmptyReportAndAnUnknownCommit() {
    var environment = Environment.detect("1", null, List.of());
    Map<?, ?> report = parse(new BenchReport(environment, List.of()));
    assertThat(report.get("runs")).isEqualTo(List.of());
    assertThat(((Map<?, ?>) Objects.requireNonNull(report.get("environment"))).get("commit"))
        .isNull();
  }

  private static Map<?, ?> parse(BenchReport report) {
    return (Map<?, ?>) Objects.requireNonNull(TinyJson.parse(JsonReport.of(report)));
  }

  private static List<Map<?, ?>> runs(Map<?, ?> report) {
    return ((List<?>) Objects.requireNonNull(report.get("runs")))
        .stream().<Map<?, ?>>map(run -> (Map<?, ?>) run).toList();
  }

  private static List<String> names(@org.jspecify.annotations.Nullable Object object) {
    return ((Map<?, ?>) Objects.requireNonNull(object))
        .keySet().stream().map(String::valueOf).toList();
  }
}
