package org.vbus.bench.report;

import static org.vbus.bench.report.Markup.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/// Writes what back-ends do with a load as one HTML page, like [HtmlReport]: well-formed XML that
/// loads nothing and runs no script.
final class LoadPage {
  private static final String METHOD =
      """
      <ul>
      <li>Guests are the driver half of vbus in one thread on one processor, which polls the rings of \
      both and never sleeps; the back-end is a process of its own on the other processor. One load, \
      one program: the guests are the same for every back-end.</li>
      <li>The loop is open: frames of 64 bytes are due by the clock, carry the time at which they \
      were due, and latency counts from then, so that a stall counts against every frame that waited \
      for it.</li>
      <li>Guests kick when they are asked to. Those that <em>poll</em> ask for no calls; those that \
      take <em>interrupts</em> ask for one when they have found their ring empty. Taking an interrupt \
      costs these guests next to nothing, so they ask more often than a virtual machine would.</li>
      <li>Back-ends take turns and are stopped in between. A sample counts only if neither side \
      waited for its processor for more than 3 % of the time, if there is any such.</li>
      </ul>
      """;

  /// What a chart shows of a point.
  private record Measure(
      String title,
      String unit,
      ToDoubleFunction<LoadSample> value,
      DoubleFunction<String> label) {}

  private static final List<Measure> MEASURES =
      List.of(
          new Measure("Achieved", "kpps", s -> s.achieved() / 1000, LoadPage::three),
          new Measure("Processor", "% of one", s -> 100 * s.cpu(), LoadPage::three),
          new Measure("Processor per frame", "ns", LoadSample::cpuNanos, LoadPage::three),
          new Measure("Exits", "per frame", s -> s.kicks() + s.calls(), Figures::perIo),
          new Measure("Latency, median", "µs", LoadSample::p50, Figures::micros),
          new Measure("Latency, 99th percentile", "µs", LoadSample::p99, Figures::micros));

  private LoadPage() {}

  static String of(LoadReport report) {
    StringBuilder out = new StringBuilder();
    HtmlReport.begin(out, "vbus: offered load", "Offered load", report.environment());
    int number = 0;
    for (String part : report.parts()) {
      out.append("<section><h2>").append(text(LoadCells.heading(part))).append("</h2>\n");
      if (part.equals(LoadReport.ROUND_TRIP)) {
        out.append("<h3>Highest rate without loss, of at most 0.1 %</h3>\n");
        table(out, LoadCells.RATE_HEADINGS, LoadCells.rates(report));
      }
      for (String guests : report.guests(part)) {
        figure(out, report, part, guests, "p" + number++);
        table(out, LoadCells.HEADINGS, LoadCells.of(report, part, guests));
      }
      out.append("<p>").append(text(LoadCells.MEANING)).append("</p>\n");
      out.append("</section>\n");
    }
    rest(out, report);
    return out.append("</main>\n</body>\n</html>\n").toString();
  }

  private static void rest(StringBuilder out, LoadReport report) {
    if (!report.idles().isEmpty()) {
      out.append("<section><h2>Idle</h2>\n");
      table(out, LoadCells.IDLE_HEADINGS, LoadCells.idles(report));
      out.append("</section>\n");
    }
    if (!report.leftOut().isEmpty()) {
      out.append("<section><h2>Left out</h2>\n<ul>\n");
      report.leftOut().forEach(why -> out.append("<li>").append(text(why)).append("</li>\n"));
      out.append("</ul></section>\n");
    }
    out.append("<section><h2>How it was measured</h2>\n").append(METHOD).append("</section>\n");
    out.append("<section><h2>Back-ends</h2>\n<dl>\n");
    report.versions().forEach((side, version) -> HtmlReport.entry(out, side, version));
    out.append("</dl></section>\n");
    HtmlReport.environment(out, report.environment());
  }

  /// Charts of all measures over the loads.
  private static void figure(
      StringBuilder out, LoadReport report, String part, String guests, String id) {
    List<LoadPoint> points =
        report.points().stream()
            .filter(point -> point.part().equals(part) && point.guests().equals(guests))
            .sorted(Comparator.comparingDouble(point -> point.median(LoadSample::offered)))
            .toList();
    List<String> loads = points.stream().map(LoadPoint::load).distinct().toList();
    List<String> sides = report.points().stream().map(LoadPoint::side).distinct().toList();
    List<LineChart> charts = new ArrayList<>();
    Map<String, LineChart.Style> legend = new LinkedHashMap<>();
    for (Measure measure : MEASURES) {
      List<LineChart.Curve> curves = new ArrayList<>();
      for (String side : sides) {
        List<LineChart.Point> line =
            points.stream()
                .filter(point -> point.side().equals(side))
                .filter(point -> !(measure.unit.equals("µs") && point.saturated()))
                .map(point -> point(point, measure, loads.indexOf(point.load())))
                .toList();
        if (!line.isEmpty()) {
          int hue = sides.indexOf(side);
          var style = new LineChart.Style(hue, hue, !side.equals("vbus-spin"));
          legend.put(side, style);
          curves.add(new LineChart.Curve(side, style, line));
        }
      }
      charts.add(chart(id + "-" + charts.size(), measure, loads, curves));
    }
    out.append("<figure>\n<figcaption><h3>With ")
        .append(text(LoadCells.guests(guests)))
        .append("</h3>\n");
    out.append("<ul class=\"legend\">");
    legend.forEach((name, style) ->
        out.append("<li>").append(LineChart.swatch(style)).append(text(name)).append("</li>\n"));
    out.append("</ul></figcaption>\n<div class=\"charts\">\n");
    charts.forEach(chart -> out.append(chart.svg()));
    out.append("</div>\n</figure>\n");
  }

  private static LineChart chart(
      String id, Measure measure, List<String> loads, List<LineChart.Curve> curves) {
    Scale scale =
        Scale.of(
            curves.stream()
                .flatMap(curve -> curve.points().stream())
                .mapToDouble(LineChart.Point::value));
    String unit = scale.isLog() ? measure.unit + ", logarithmic" : measure.unit;
    return new LineChart(
        id, measure.title, unit, loads, "load (steps not to scale)", false, scale, curves);
  }

  private static LineChart.Point point(LoadPoint point, Measure measure, int slot) {
    double value = point.median(measure.value);
    String label = measure.label.apply(value);
    String tip = "%s, load %s: %s %s".formatted(point.side(), point.load(), label, measure.unit);
    return new LineChart.Point(slot, value, label, tip);
  }

  private static String three(double value) {
    return Figures.number(value < 10 ? value : Math.rint(value * 10) / 10);
  }

  private static void table(StringBuilder out, List<String> headings, List<List<String>> lines) {
    out.append("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    headings.forEach(name -> HtmlReport.heading(out, name));
    out.append("</tr></thead>\n<tbody>\n");
    for (List<String> line : lines) {
      out.append("<tr><th scope=\"row\">").append(text(line.getFirst())).append("</th>");
      line.stream().skip(1).forEach(cell -> HtmlReport.cell(out, cell));
      out.append("</tr>\n");
    }
    out.append("</tbody></table></div>\n");
  }
}
