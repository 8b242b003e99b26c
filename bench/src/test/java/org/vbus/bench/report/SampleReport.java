package org.vbus.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Invented reports of plausible shape, to try the printers on. None of these figures was measured.
final class SampleReport {
  static final String HOSTILE = "<b>&\"'\\]]>\u0000\u0007\n\u001b[31m\u202e\ud800é</b>";

  private static final double[] LOADS = {0, 0.1, 0.5, 0.9, 1};
  private static final int[] DEVICES = {1, 4, 16};

  private SampleReport() {}

  /// Writes the samples as files, to be looked at.
  public static void main(String[] args) throws IOException {
    Path directory = Files.createDirectories(Path.of(args[0]));
    Files.writeString(directory.resolve("counted.html"), HtmlReport.of(counted()));
    Files.writeString(directory.resolve("both.html"), HtmlReport.of(bothKinds()));
    Files.writeString(directory.resolve("counted.json"), JsonReport.of(counted()));
    Files.writeString(directory.resolve("both.txt"), TextTable.of(bothKinds()));
  }

  /// The whole sweep of the loopback connector: 90 runs.
  static BenchReport counted() {
    return new BenchReport(environment(), sweep());
  }

  /// The same, with runs of another connector that the kernel measured.
  static BenchReport bothKinds() {
    var runs = new ArrayList<>(sweep());
    for (String policy : List.of("direct", "ring", "polled")) {
      for (int batch : new int[] {1, 8, 64}) {
        runs.add(measured(policy, batch));
      }
    }
    return new BenchReport(environment(), runs);
  }

  /// Text from outside in every place that takes text.
  static BenchReport hostile() {
    var environment =
        new Environment(
            HOSTILE,
            1,
            HOSTILE,
            HOSTILE,
            List.of(HOSTILE),
            HOSTILE,
            HOSTILE,
            HOSTILE,
            Instant.EPOCH,
            List.of(HOSTILE, "long ".repeat(60), "x".repeat(300)));
    var run =
        new Run(
            HOSTILE,
            HOSTILE,
            true,
            1,
            0.25,
            1,
            1,
            1,
            1,
            2,
            Run.COUNTED,
            1,
            new Latency(1, 2, 3),
            Map.of(HOSTILE, 1.0),
            Map.of(HOSTILE, HOSTILE, "label", HOSTILE));
    return new BenchReport(environment, List.of(run));
  }

  /// The largest and smallest figures that a run accepts.
  static BenchReport extreme() {
    var runs = new ArrayList<Run>();
    for (double value : new double[] {0, Double.MIN_VALUE, 1e-4, 123_456, Double.MAX_VALUE}) {
      var parts = new LinkedHashMap<String, Double>();
      Part.ALL.forEach(part -> parts.put(part, value));
      runs.add(
          new Run(
              "loopback",
              "policy-with-a-long-name",
              true,
              10_000,
              0.123456,
              Long.MAX_VALUE,
              value,
              value,
              value,
              value,
              Run.COUNTED,
              value,
              new Latency(value, value, value),
              parts));
    }
    return new BenchReport(environment(), runs);
  }

  static Environment environment() {
    return new Environment(
        "Example CPU 9000 @ 2.80GHz",
        2,
        "Linux 6.12.0 amd64",
        "25.0.3+9-LTS, Example Vendor",
        List.of("-XX:+UseParallelGC", "-Xmx512m"),
        "PS MarkSweep, PS Scavenge",
        "0.1.0-SNAPSHOT",
        "0123456789ab",
        Instant.parse("2026-11-20T12:00:00Z"),
        List.of("Invented figures, for testing the report."));
  }

  private static List<Run> sweep() {
    var runs = new ArrayList<Run>();
    for (String policy : List.of("direct", "ring", "polled")) {
      for (boolean eventIdx : new boolean[] {false, true}) {
        for (int devices : DEVICES) {
          for (double load : LOADS) {
            runs.add(counted(policy, eventIdx, devices, load));
          }
        }
      }
    }
    return runs;
  }

  private static Run counted(String policy, boolean eventIdx, int devices, double load) {
    // Requests found per look grow with load; the event index lets a look serve all of them.
    double burst = 1 + 30 * Math.pow(load, 4);
    double perQueue = eventIdx ? burst : Math.sqrt(burst);
    double shared = 1 + (devices - 1) * (0.2 + 0.75 * load);
    boolean polled = policy.equals("polled");
    double kicks = polled && load > 0.8 ? 0 : 1 / perQueue;
    double signals = 1 / perQueue;
    double interrupts =
        switch (policy) {
          case "direct" -> signals;
          case "ring" -> signals / shared / (1 + 20 * load * load);
          default -> 0;
        };
    double halts = polled ? 0 : Math.max(0, 1 - load) * 0.8 * interrupts;
    double registers = policy.equals("direct") ? interrupts * 0.02 : 0;
    var parts = new LinkedHashMap<String, Double>();
    parts.put(Part.KICKS, kicks);
    parts.put(Part.INTERRUPTS, interrupts);
    parts.put(Part.REGISTER_ACCESSES, registers);
    parts.put(Part.HALTS, halts);
    parts.put(Part.KICKS_SUPPRESSED, 1 - Math.min(1, kicks));
    parts.put(Part.SIGNALS, signals);
    parts.put(Part.SIGNALS_COALESCED, signals - interrupts);
    parts.put(Part.WAKES, halts + kicks * (1 - load));
    parts.put("bytesCopied", 1514.0);
    double exits = kicks + interrupts + registers + halts;
    double rate = (load == 0 ? 0.12 : load) * 900_000 * Math.pow(devices, 0.15) / (0.6 + exits);
    double median = (polled ? 2.1 : 6.5) * (1 + 6 * Math.pow(load, 6)) * Math.sqrt(devices);
    return new Run(
        "loopback",
        policy,
        eventIdx,
        devices,
        load,
        (long) (rate * 2),
        2,
        kicks,
        interrupts,
        exits,
        Run.COUNTED,
        rate,
        new Latency(median, median * 3.2, median * 11),
        parts);
  }

  private static Run measured(String policy, int batch) {
    double interrupts = policy.equals("polled") ? 0 : 1.0 / batch;
    double exits = 1.0 / batch + interrupts;
    var extra = new LinkedHashMap<String, Object>();
    extra.put("batch", batch);
    extra.put("label", "port");
    extra.put("kvmExitsPerIo", exits);
    extra.put("userExitsPerIo", exits / 2);
    extra.put("trapEventsPerIo", 0.0);
    return new Run(
        "kvm",
        policy,
        true,
        1,
        Run.MAXIMUM,
        200_000,
        1.5,
        1.0 / batch,
        interrupts,
        exits,
        Run.MEASURED,
        133_000,
        new Latency(14, 30, 90),
        Map.of(Part.KICKS, 1.0 / batch, Part.INTERRUPTS, interrupts),
        extra);
  }
}
