package org.vbus.bench.report;

import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.stream.DoubleStream;

/// The figures of one section as HTML: each a caption, a legend and charts on one scale.
final class SectionFigures {
  /// What a chart shows of a run.
  private record Measure(String unit, ToDoubleFunction<Run> value, DoubleFunction<String> label) {}

  private static final double HALF = 0.5;

  private static final Measure EXITS =
      new Measure("exits per I/O", Run::exitsPerIo, Figures::perIo);
  private static final Measure P50 =
      new Measure("p50 latency, µs", run -> run.latencyMicros().p50(), Figures::micros);
  private static final Measure P99 =
      new Measure("p99 latency, µs", run -> run.latencyMicros().p99(), Figures::micros);

  private final Section section;
  private final List<String> policies;
  private final String prefix;

  /// @param policies all of the report, so that a colour means the same in every section
  /// @param prefix of the identifiers in the page
  SectionFigures(Section section, List<String> policies, String prefix) {
    this.section = section;
    this.policies = policies;
    this.prefix = prefix;
  }

  /// The figures whose horizontal axis has more than one step; those over load if there is none.
  String html() {
    var out = new StringBuilder();
    boolean batches = section.batches().size() > 1;
    boolean loads = section.loads().size() > 1 || !batches;
    if (loads) {
      out.append(exitsOverLoad());
    }
    if (section.deviceCounts().size() > 1) {
      out.append(exitsOverDevices());
    }
    if (batches) {
      out.append(exitsOverBatch());
    }
    if (loads) {
      out.append(latencyOverLoad());
    }
    return out.toString();
  }

  /// Exits per I/O over load, one chart for each number of devices.
  private String exitsOverLoad() {
    Scale scale = Scale.of(section.runs().stream().mapToDouble(Run::exitsPerIo));
    var charts = new ArrayList<LineChart>();
    for (int devices : section.deviceCounts()) {
      charts.add(overLoad("exits-" + devices, devices(devices), EXITS, scale, devices));
    }
    return figure(
        "Exits per I/O over load",
        "One chart for each number of devices that share the guest.",
        scale,
        charts);
  }

  /// Exits per I/O over the number of devices, at half and at full load.
  private String exitsOverDevices() {
    List<Double> loads =
        section.loads().stream().filter(load -> load == HALF || load == Run.MAXIMUM).toList();
    Scale scale =
        Scale.of(
            section.runs().stream()
                .filter(run -> loads.contains(run.load()))
                .mapToDouble(Run::exitsPerIo));
    List<Integer> counts = section.deviceCounts();
    var charts = new ArrayList<LineChart>();
    for (double load : loads) {
      boolean max = load == Run.MAXIMUM;
      charts.add(
          new LineChart(
              prefix + (max ? "-devices-max" : "-devices-half"),
              max ? "Maximum load" : "50 % of maximum load",
              EXITS.unit(),
              counts.stream().map(String::valueOf).toList(),
              "devices sharing the guest",
              false,
              scale,
              curves(
                  run -> run.load() == load,
                  run -> counts.indexOf(run.devices()),
                  EXITS,
                  Variant::of)));
    }
    return figure(
        "Exits per I/O over the number of devices",
        "The effect of more queues in one guest.",
        scale,
        charts);
  }

  /// Exits per I/O over the batch size, one chart for each number of devices and load.
  private String exitsOverBatch() {
    Scale scale = Scale.of(section.runs().stream().mapToDouble(Run::exitsPerIo));
    List<Long> batches = section.batches();
    var charts = new ArrayList<LineChart>();
    for (int devices : section.deviceCounts()) {
      for (double load : section.loads()) {
        List<LineChart.Curve> curves =
            curves(
                run -> run.devices() == devices && run.load() == load,
                run -> batches.indexOf(Variant.of(run).batch()),
                EXITS,
                run -> Variant.of(run).anyBatch());
        if (!curves.isEmpty()) {
          charts.add(
              new LineChart(
                  prefix + "-batch-" + charts.size(),
                  devices(devices) + ", load " + load(load),
                  EXITS.unit(),
                  batches.stream().map(String::valueOf).toList(),
                  "requests in a batch",
                  false,
                  scale,
                  curves));
        }
      }
    }
    return figure(
        "Exits per I/O over batch size",
        "The effect of serving more requests at a time.",
        scale,
        charts);
  }

  /// Median and 99th percentile of the latency over load, for each number of devices.
  private String latencyOverLoad() {
    Scale scale =
        Scale.of(
            section.runs().stream()
                .flatMapToDouble(
                    run -> DoubleStream.of(run.latencyMicros().p50(), run.latencyMicros().p99())));
    var charts = new ArrayList<LineChart>();
    for (int devices : section.deviceCounts()) {
      charts.add(overLoad("p50-" + devices, devices(devices) + ", median", P50, scale, devices));
    }
    for (int devices : section.deviceCounts()) {
      String title = devices(devices) + ", 99th percentile";
      charts.add(overLoad("p99-" + devices, title, P99, scale, devices));
    }
    return figure(
        "Latency over load", "From submission to completion as the driver sees it.", scale, charts);
  }

  private LineChart overLoad(String id, String title, Measure measure, Scale scale, int devices) {
    List<Double> loads = section.loads();
    return new LineChart(
        prefix + "-" + id,
        title,
        measure.unit(),
        loads.stream().map(SectionFigures::load).toList(),
        "offered load (steps not to scale)",
        loads.size() > 1 && loads.getFirst() == Run.ONE_AT_A_TIME,
        scale,
        curves(
            run -> run.devices() == devices,
            run -> loads.indexOf(run.load()),
            measure,
            Variant::of));
  }

  /// One curve for each of the `variants` that the shown runs have.
  private List<LineChart.Curve> curves(
      Predicate<Run> shown,
      ToIntFunction<Run> slot,
      Measure measure,
      Function<Run, Variant> variants) {
    List<Variant> all =
        section.runs().stream().map(variants).distinct().sorted(Variant.ORDER).toList();
    List<Variant> families = all.stream().map(Variant::family).distinct().toList();
    var curves = new ArrayList<LineChart.Curve>();
    for (Variant variant : all) {
      List<LineChart.Point> points =
          section.runs().stream()
              .filter(run -> shown.test(run) && variants.apply(run).equals(variant))
              .map(run -> point(run, slot, measure))
              .sorted(comparingInt(LineChart.Point::slot))
              .toList();
      if (!points.isEmpty()) {
        var style =
            new LineChart.Style(
                policies.indexOf(variant.policy()),
                families.indexOf(variant.family()),
                variant.eventIdx());
        curves.add(new LineChart.Curve(variant.text(), style, points));
      }
    }
    return curves;
  }

  private static LineChart.Point point(Run run, ToIntFunction<Run> slot, Measure measure) {
    double value = measure.value().applyAsDouble(run);
    String parts =
        run.parts().entrySet().stream()
            .map(part -> part.getKey() + " " + Figures.perIo(part.getValue()))
            .collect(joining(", "));
    String tip =
        String.format(
            Locale.ROOT,
            "%s; %s, load %s%n%s %s%nper I/O: %s",
            Variant.of(run).text(),
            devices(run.devices()),
            load(run.load()),
            measure.unit(),
            measure.label().apply(value),
            parts);
    return new LineChart.Point(slot.applyAsInt(run), value, measure.label().apply(value), tip);
  }

  private String figure(String caption, String remark, Scale scale, List<LineChart> charts) {
    var out = new StringBuilder("<figure>\n<figcaption><h3>");
    out.append(Markup.text(caption)).append("</h3><p>").append(Markup.text(remark));
    if (scale.isLog()) {
      out.append(" Logarithmic axis");
      out.append(scale.hasZeroLine() ? "; exact zeros lie on the line below the break." : ".");
    }
    out.append("</p>\n<ul class=\"legend\">");
    Map<String, LineChart.Style> legend = new LinkedHashMap<>();
    charts.forEach(c -> c.curves().forEach(curve -> legend.put(curve.name(), curve.style())));
    legend.forEach((name, style) ->
        out.append("<li>")
            .append(LineChart.swatch(style))
            .append(Markup.text(name))
            .append("</li>\n"));
    out.append("</ul></figcaption>\n<div class=\"charts\">\n");
    charts.forEach(chart -> out.append(chart.svg()));
    return out.append("</div>\n</figure>\n").toString();
  }

  private static String devices(int count) {
    return count == 1 ? "1 device" : count + " devices";
  }

  private static String load(double load) {
    if (load == Run.ONE_AT_A_TIME) {
      return "one at a time";
    }
    return load == Run.MAXIMUM
        ? "max"
        : String.format(Locale.ROOT, "%s %%", Figures.number(100 * load));
  }
}
