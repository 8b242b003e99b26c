package org.vbus.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Writes what back-ends do with a load as JSON (RFC 8259), one step on a line.
final class LoadJson {
  private static final Map<String, ToDoubleFunction<LoadSample>> FIGURES = figures();

  private LoadJson() {}

  private static Map<String, ToDoubleFunction<LoadSample>> figures() {
    Map<String, ToDoubleFunction<LoadSample>> map = new LinkedHashMap<>();
    map.put("offeredPerSecond", LoadSample::offered);
    map.put("achievedPerSecond", LoadSample::achieved);
    map.put("lost", LoadSample::lost);
    map.put("cpu", LoadSample::cpu);
    map.put("cpuNanosPerFrame", LoadSample::cpuNanos);
    map.put("kicksPerFrame", LoadSample::kicks);
    map.put("callsPerFrame", LoadSample::calls);
    map.put("p50Micros", LoadSample::p50);
    map.put("p99Micros", LoadSample::p99);
    map.put("p999Micros", LoadSample::p999);
    map.put("maxMicros", LoadSample::max);
    map.put("spare", LoadSample::spare);
    map.put("waited", LoadSample::waited);
    return map;
  }

  static String of(LoadReport report) {
    StringBuilder out = new StringBuilder("{\n\"environment\": ");
    JsonText.append(out, JsonReport.environment(report.environment()));
    JsonText.append(out.append(",\n\"backEnds\": "), report.versions());
    out.append(",\n\"points\": [");
    String separator = "\n";
    for (LoadPoint point : report.points()) {
      JsonText.append(out.append(separator), point(point));
      separator = ",\n";
    }
    out.append("\n],\n\"noDropRates\": ");
    JsonText.append(out, report.rates().stream().map(LoadJson::rate).toList());
    out.append(",\n\"idle\": ");
    JsonText.append(out, report.idles().stream().map(LoadJson::idle).toList());
    JsonText.append(out.append(",\n\"leftOut\": "), report.leftOut());
    return out.append("\n}\n").toString();
  }

  private static Map<String, @Nullable Object> point(LoadPoint point) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("part", point.part());
    map.put("backEnd", point.side());
    map.put("guests", point.guests());
    map.put("load", point.load());
    map.put("saturated", point.saturated());
    map.put("disturbed", point.disturbed());
    map.put("cores", point.cores());
    map.put("counting", point.counting().size());
    FIGURES.forEach((name, figure) -> map.put(name, point.median(figure)));
    map.put("samples", point.samples().stream().map(LoadJson::sample).toList());
    return map;
  }

  private static Map<String, Object> sample(LoadSample sample) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("cores", sample.cores());
    map.put("saturated", sample.saturated());
    FIGURES.forEach((name, figure) -> map.put(name, figure.applyAsDouble(sample)));
    return map;
  }

  private static Map<String, Object> rate(LoadRate rate) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("backEnd", rate.side());
    map.put("medianPerSecond", Spread.median(rate.rates()));
    map.put("perSecond", rate.rates());
    map.put("cores", rate.cores());
    return map;
  }

  private static Map<String, Object> idle(LoadIdle idle) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("backEnd", idle.side());
    map.put("devices", idle.devices());
    map.put("cpu", idle.cpu());
    return map;
  }
}
