package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableReportTest {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("program", "program"),
          Column.of("starts", "starts"),
          new Column("millis", "ms to listen", 1));

  private static Table table(List<Map<String, Object>> rows) {
    return new Table("start", "Starts <of programs>", List.of("Medians."), COLUMNS, rows);
  }

  private static TableReport report() {
    return new TableReport(
        "What it costs",
        SampleReport.environment(),
        List.of(
            table(
                List.of(
                    Map.of("program", "ours & theirs", "starts", 7, "millis", 123.456),
                    Map.of("program", "none")))),
        List.of("testpmd is not there"));
  }

  @Test
  void figuresStandAtTheRightUnderHeadingsOfSeveralLines() {
    String indent = " ".repeat(27);
    assertThat(report().text())
        .contains(
            String.join(
                "\n",
                indent + "ms",
                indent + "to",
                "program        starts  listen",
                "ours & theirs       7   123.5",
                "none                -       -"))
        .contains("Starts <of programs>", "Medians.", "Left out: testpmd is not there");
  }

  @Test
  void jsonHasARowForEachCaseWithWhatWasNotMeasuredAsNull() {
    assertThat(TinyJson.parse(report().json()))
        .asString()
        .contains(
            "start=[{program=ours & theirs, starts=7.0, millis=123.456},"
                + " {program=none, starts=null, millis=null}]",
            "leftOut=[testpmd is not there]");
  }

  @Test
  void thePageIsWellFormed() throws Exception {
    String page = report().html();
    assertThat(page).contains("<td>123.5</td>", "ours &amp; theirs").doesNotContain("<script");
    assertThat(HtmlReportTest.parse(page).getDocumentElement().getTagName()).isEqualTo("html");
  }

  @Test
  void aFigureWithoutAColumnOrThatIsNotFiniteIsRefused() {
    assertThatThrownBy(() -> table(List.of(Map.of("cpu", 1)))).hasMessageContaining("cpu");
    assertThatThrownBy(() -> table(List.of(Map.of("millis", Double.NaN))))
        .hasMessageContaining("millis");
  }
}
