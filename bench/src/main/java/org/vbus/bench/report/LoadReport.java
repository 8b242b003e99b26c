package org.vbus.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What back-ends do with a load, and where it was measured.
///
/// @param environment the host, the JVM and the version under test
/// @param versions of the back-ends, by name
/// @param points steps, those of a part together
/// @param rates highest rates without loss
/// @param idles what is taken while nothing happens
/// @param leftOut what was not measured, and why
public record LoadReport(
    Environment environment,
    Map<String, String> versions,
    List<LoadPoint> points,
    List<LoadRate> rates,
    List<LoadIdle> idles,
    List<String> leftOut) {
  /// Name of the part that goes through the loads.
  public static final String SWEEP = "sweep";

  /// Name of the part with round trips at parts of a back-end's own highest rate.
  public static final String ROUND_TRIP = "round trip";

  /// Name of the part with round trips at one rate for all.
  public static final String SAME_RATE = "round trip, same rate";

  /// Name of the part with single frames.
  public static final String PAUSE = "after a pause";

  /// Copies the collections.
  public LoadReport {
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    points = List.copyOf(points);
    rates = List.copyOf(rates);
    idles = List.copyOf(idles);
    leftOut = List.copyOf(leftOut);
  }

  /// For programs: an object with `environment`, `backEnds`, `points`, `noDropRates`, `idle` and
  /// `leftOut`, in JSON.
  public String json() {
    return LoadJson.of(this);
  }

  /// For a terminal.
  public String text() {
    return LoadTable.of(this);
  }

  /// For people, as one page that loads nothing.
  public String html() {
    return LoadPage.of(this);
  }

  /// What the guests of a part do, each once.
  List<String> guests(String part) {
    return points.stream()
        .filter(point -> point.part().equals(part))
        .map(LoadPoint::guests)
        .distinct()
        .toList();
  }

  /// The parts that there are, in their order.
  List<String> parts() {
    return points.stream().map(LoadPoint::part).distinct().toList();
  }
}
