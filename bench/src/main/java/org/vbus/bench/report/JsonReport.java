package org.vbus.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes a report as JSON (RFC 8259): an object with `environment` and `runs`.
///
/// Each run stands on a line of its own, so that two reports can be compared line by line. Its
/// members are those of [Run] in their order, followed by its extra fields.
public final class JsonReport {
  private JsonReport() {}

  /// The whole document, ASCII only, ending in a line feed.
  public static String of(BenchReport report) {
    var out = new StringBuilder("{\n\"environment\": ");
    JsonText.append(out, environment(report.environment()));
    out.append(",\n\"runs\": [");
    String separator = "\n";
    for (Run run : report.runs()) {
      JsonText.append(out.append(separator), run(run));
      separator = ",\n";
    }
    return out.append("\n]\n}\n").toString();
  }

  static Map<String, @Nullable Object> environment(Environment environment) {
    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("cpu", environment.cpu());
    map.put("cores", environment.cores());
    map.put("kernel", environment.kernel());
    map.put("jdk", environment.jdk());
    map.put("jvmFlags", environment.jvmFlags());
    map.put("collector", environment.collector());
    map.put("version", environment.version());
    map.put("commit", environment.commit());
    map.put("date", environment.date().toString());
    map.put("notes", environment.notes());
    return map;
  }

  private static Map<String, @Nullable Object> run(Run run) {
    var latency = new LinkedHashMap<String, @Nullable Object>();
    latency.put("p50", run.latencyMicros().p50());
    latency.put("p99", run.latencyMicros().p99());
    latency.put("p999", run.latencyMicros().p999());

    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("connector", run.connector());
    map.put("policy", run.policy());
    map.put("eventIdx", run.eventIdx());
    map.put("devices", run.devices());
    map.put("load", run.load());
    map.put("ios", run.ios());
    map.put("seconds", run.seconds());
    map.put("kicksPerIo", run.kicksPerIo());
    map.put("interruptsPerIo", run.interruptsPerIo());
    map.put("exitsPerIo", run.exitsPerIo());
    map.put("kind", run.kind());
    map.put("iosPerSecond", run.iosPerSecond());
    map.put("latencyMicros", latency);
    map.put("parts", run.parts());
    map.putAll(run.extra());
    return map;
  }
}
