package org.vbus.bench.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// The tables of loads that the terminal and the page share.
final class LoadCells {
  static final List<String> HEADINGS =
      List.of(
          "back-end",
          "cores",
          "load",
          "kpps in",
          "kpps out",
          "lost %",
          "CPU %",
          "ns/frame",
          "kicks",
          "calls",
          "p50",
          "p99",
          "p99.9",
          "max",
          "spare %");

  static final List<String> RATE_HEADINGS = List.of("back-end", "cores", "kpps", "low", "high");

  static final List<String> IDLE_HEADINGS = List.of("back-end", "devices", "CPU %");

  private LoadCells() {}

  /// What the columns mean.
  static final String MEANING =
      "Medians of the rounds. cores: how far apart the two processors were. CPU %: of one processor, all threads of the back-end, and per frame"
          + " forwarded; a round trip is two frames. kicks, calls: per frame. p50 to max:"
          + " microseconds from when a frame was due. spare: time in which the guests had nothing to"
          + " do; a G says that they, not the back-end, are the limit. !: somebody else ran"
          + " meanwhile. -: more was offered than went through, so latency has no meaning.";

  /// What the guests of a table do, in words.
  static String guests(String guests) {
    return "guests that " + guests;
  }

  /// What each part is.
  static String heading(String part) {
    return switch (part) {
      case LoadReport.SWEEP -> "Offered load, from guest to guest";
      case LoadReport.ROUND_TRIP ->
          "Round trips guest - switch - guest - switch - guest, at parts of a back-end's own highest"
              + " rate without loss";
      case LoadReport.SAME_RATE -> "Round trips at the same rate for all";
      default -> "Single frames, each after a pause";
    };
  }

  /// Lines of a part with guests of one kind, by back-end and load, or the other way round where
  /// back-ends are compared.
  static List<List<String>> of(LoadReport report, String part, String guests) {
    List<String> sides = report.points().stream().map(LoadPoint::side).distinct().toList();
    boolean bySide = part.equals(LoadReport.SWEEP) || part.equals(LoadReport.PAUSE);
    Comparator<LoadPoint> side = Comparator.comparingInt(point -> sides.indexOf(point.side()));
    List<LoadPoint> points =
        report.points().stream()
            .filter(point -> point.part().equals(part) && point.guests().equals(guests))
            .toList();
    List<String> loads =
        points.stream()
            .sorted(Comparator.comparingDouble(point -> point.median(LoadSample::offered)))
            .map(LoadPoint::load)
            .distinct()
            .toList();
    Comparator<LoadPoint> load = Comparator.comparingInt(point -> loads.indexOf(point.load()));
    return points.stream()
        .sorted(bySide ? side.thenComparing(load) : load.thenComparing(side))
        .map(LoadCells::line)
        .toList();
  }

  private static List<String> line(LoadPoint point) {
    boolean saturated = point.saturated();
    boolean endless = saturated && point.part().equals(LoadReport.SWEEP);
    boolean limit = saturated && point.counting().stream().anyMatch(LoadSample::guestsAreTheLimit);
    return List.of(
        point.side(),
        point.cores(),
        point.load() + (point.disturbed() ? " !" : ""),
        rate(point.median(LoadSample::offered)),
        rate(point.median(LoadSample::achieved)),
        fixed(100 * point.median(LoadSample::lost), 2),
        fixed(100 * point.median(LoadSample::cpu), 1),
        fixed(point.median(LoadSample::cpuNanos), 0),
        Figures.perIo(point.median(LoadSample::kicks)),
        Figures.perIo(point.median(LoadSample::calls)),
        endless ? "-" : Figures.micros(point.median(LoadSample::p50)),
        endless ? "-" : Figures.micros(point.median(LoadSample::p99)),
        endless ? "-" : Figures.micros(point.median(LoadSample::p999)),
        endless ? "-" : Figures.micros(point.median(LoadSample::max)),
        fixed(100 * point.median(LoadSample::spare), 0) + (limit ? " G" : ""));
  }

  static List<List<String>> rates(LoadReport report) {
    return report.rates().stream()
        .map(each -> {
          Spread spread = Spread.of(each.rates());
          return List.of(
              each.side(),
              String.join(" ", each.cores().stream().distinct().toList()),
              rate(spread.median()),
              rate(spread.low()),
              rate(spread.high()));
        })
        .toList();
  }

  static List<List<String>> idles(LoadReport report) {
    return report.idles().stream()
        .map(each ->
            List.of(
                each.side(),
                Integer.toString(each.devices()),
                fixed(100 * Spread.median(each.cpu()), 2)))
        .toList();
  }

  private static String rate(double framesPerSecond) {
    double kilo = framesPerSecond / 1000;
    return fixed(kilo, kilo < 9.995 ? 2 : kilo < 99.95 ? 1 : 0);
  }

  private static String fixed(double value, int places) {
    return String.format(Locale.ROOT, "%." + places + "f", value);
  }
}
