package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;

class HtmlReportTest {
  static List<BenchReport> reports() {
    return TextTableTest.reports();
  }

  @ParameterizedTest
  @MethodSource("reports")
  void isWellFormedAndLoadsNothing(BenchReport report) throws Exception {
    String html = HtmlReport.of(report);
    Document page = parse(html);
    assertThat(html).doesNotContain("NaN", "Infinity", "url(", "@import");
    assertThat(elements(page, "script")).isEmpty();
    for (String name : List.of("src", "href", "srcset", "onload")) {
      assertThat(elements(page, "*")).noneMatch(element -> element.hasAttribute(name));
    }
    var ids = new HashSet<String>();
    for (Element element : elements(page, "*")) {
      assertThat(!element.hasAttribute("id") || ids.add(element.getAttribute("id"))).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("reports")
  void drawsNothingOutsideItsCharts(BenchReport report) throws Exception {
    for (Element mark : elements(parse(HtmlReport.of(report)), "path")) {
      if (mark.getAttribute("transform").startsWith("translate(")) {
        String[] at = mark.getAttribute("transform").split("[( )]", -1);
        assertThat(Double.parseDouble(at[1])).isBetween(0.0, 400.0);
        assertThat(Double.parseDouble(at[2])).isBetween(0.0, 280.0);
      }
    }
  }

  @Test
  void showsEachKindInChartsOfItsOwn() throws Exception {
    Document page = parse(HtmlReport.of(SampleReport.bothKinds()));
    List<Element> sections =
        elements(page, "section").stream().filter(s -> s.hasAttribute("data-kind")).toList();
    assertThat(sections)
        .extracting(s -> s.getAttribute("data-kind"))
        .containsExactly("counted", "measured");
    for (Element section : sections) {
      assertThat(elements(section, "table")).hasSize(1);
    }
    assertThat(charts(sections.getFirst())).hasSize(3 + 2 + 6);
    assertThat(elements(sections.getFirst(), "figure")).hasSize(3);
    assertThat(charts(sections.getLast())).hasSize(1);
    assertThat(elements(sections.getLast(), "figure")).hasSize(1);
    assertThat(sections.getFirst().getTextContent()).doesNotContain("in a batch");
    assertThat(sections.getLast().getTextContent())
        .contains("in a batch")
        .doesNotContain("4 devices");
  }

  @Test
  void drawsOneCurveForEachPolicyAndEventIndexWithAllItsPoints() throws Exception {
    Document page = parse(HtmlReport.of(SampleReport.counted()));
    Element chart = charts(page.getDocumentElement()).getFirst();
    List<Element> curves =
        elements(chart, "g").stream()
            .filter(g -> g.getAttribute("class").matches("hue[0-2] (solid|dashed)"))
            .filter(g -> !elements(g, "g").isEmpty())
            .toList();
    assertThat(curves).extracting(g -> g.getAttribute("class")).doesNotHaveDuplicates().hasSize(6);
    assertThat(curves).allSatisfy(curve -> assertThat(elements(curve, "g")).hasSize(5));
  }

  @Test
  void saysInWordsWhatEachChartShows() throws Exception {
    Document page = parse(HtmlReport.of(SampleReport.counted()));
    List<Element> charts = charts(page.getDocumentElement());
    for (Element chart : charts) {
      assertThat(chart.getAttribute("role")).isEqualTo("img");
      for (String id : chart.getAttribute("aria-labelledby").split(" ", -1)) {
        assertThat(elements(chart, "*"))
            .anySatisfy(element -> {
              assertThat(element.getAttribute("id")).isEqualTo(id);
              assertThat(element.getTextContent()).isNotBlank();
            });
      }
    }
    assertThat(elements(charts.getFirst(), "desc").getFirst().getTextContent())
        .contains("direct, event index off: one at a time 2.820")
        .contains("polled, event index on: ");
  }

  @Test
  void listsEveryRunWithAllItsParts() throws Exception {
    Document page = parse(HtmlReport.of(SampleReport.counted()));
    Element table = elements(page, "table").getFirst();
    List<Element> rows = elements(table, "tr");
    assertThat(rows).hasSize(91);
    assertThat(rows.getFirst().getTextContent())
        .contains("exits per I/O", "signals coalesced", "bytes copied", "p99.9");
    int columns = elements(rows.getFirst(), "th").size();
    assertThat(rows.subList(1, rows.size()))
        .allSatisfy(row -> assertThat(elements(row, "td")).hasSize(columns - 1));
  }

  @Test
  void showsHostileTextAsText() throws Exception {
    Document page = parse(HtmlReport.of(SampleReport.hostile()));
    assertThat(elements(page, "b")).isEmpty();
    assertThat(page.getDocumentElement().getTextContent())
        .contains("<b>&\"'\\]]>\ufffd\ufffd\n\ufffd[31m\u202e\ufffdé</b>");
  }

  static Document parse(String html) throws Exception {
    var factory = DocumentBuilderFactory.newInstance();
    var builder = factory.newDocumentBuilder();
    builder.setErrorHandler(null);
    return builder.parse(new InputSource(new StringReader(html)));
  }

  private static List<Element> charts(Element in) {
    return elements(in, "svg").stream()
        .filter(svg -> svg.getAttribute("class").equals("chart"))
        .toList();
  }

  private static List<Element> elements(Node in, String name) {
    var nodes =
        in instanceof Document document
            ? document.getElementsByTagName(name)
            : ((Element) in).getElementsByTagName(name);
    var elements = new ArrayList<Element>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }
}
