package org.vbus.bench.scale;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import org.vbus.bench.Progress;
import org.vbus.bench.peers.Pause;
import org.vbus.bench.report.Column;
import org.vbus.bench.report.Table;

/// What each attached network card costs its host: memory, descriptors, threads, processor time
/// while nothing happens, and what idle cards take from busy ones.
final class DeviceScale {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("connector", "connector"),
          Column.of("devices", "devices"),
          new Column("attachMillis", "attach ms p50", 2),
          new Column("attachMillisMax", "attach ms max", 1),
          new Column("residentMb", "resident MB before", 1),
          new Column("attachedMb", "resident MB after", 1),
          new Column("ownKb", "own kB /device", 1),
          new Column("heapKb", "heap kB /device", 1),
          new Column("sharedKb", "guest's kB /device", 1),
          new Column("descriptors", "fds /device", 1),
          new Column("threads", "threads /device", 3),
          new Column("idlePercent", "idle % of a core", 2),
          new Column("pairKpps", "one pair kpps", 0),
          new Column("allKpps", "all kpps", 0));

  /// In which compilers and collectors of a host come to rest.
  private static final Duration SETTLE = Duration.ofSeconds(1);

  private final ScaleOptions options;
  private final Progress progress;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  DeviceScale(ScaleOptions options, Progress progress) {
    this.options = options;
    this.progress = progress;
  }

  /// Attaches `devices` cards and measures.
  ///
  /// @param open makes a host for that many
  void measure(String connector, int devices, IntFunction<Cards> open) {
    String name = connector + ", " + devices + " devices: ";
    progress.step(name + "starting");
    try (Cards cards = open.apply(devices)) {
      OptionalLong heapBefore = cards.liveHeap();
      Footprint before = cards.footprint();
      progress.step(name + "attaching");
      long[] nanos = new long[devices];
      for (int i = 0; i < devices; i++) {
        long start = System.nanoTime();
        cards.attach();
        nanos[i] = System.nanoTime() - start;
      }
      Frames.introduce(cards, devices);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("connector", connector);
      row.put("devices", devices);
      attachTimes(row, nanos);
      progress.step(name + "idle");
      row.put("idlePercent", idle(cards));
      cost(row, devices, before, cards.footprint());
      OptionalLong heapAfter = cards.liveHeap();
      if (heapBefore.isPresent() && heapAfter.isPresent()) {
        row.put("heapKb", (heapAfter.getAsLong() - heapBefore.getAsLong()) / 1024.0 / devices);
      }
      if (devices > 1) {
        progress.step(name + "frames");
        row.put("pairKpps", rate(cards, 2));
        row.put("allKpps", rate(cards, devices));
      }
      rows.add(row);
    }
  }

  private static void attachTimes(Map<String, Object> row, long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    row.put("attachMillis", sorted[sorted.length / 2] / 1e6);
    row.put("attachMillisMax", sorted[sorted.length - 1] / 1e6);
  }

  private static void cost(
      Map<String, Object> row, int devices, Footprint before, Footprint after) {
    row.put("residentMb", before.residentKb() / 1024.0);
    row.put("attachedMb", after.residentKb() / 1024.0);
    row.put("ownKb", (double) (after.ownKb() - before.ownKb()) / devices);
    row.put("sharedKb", (double) (after.sharedKb() - before.sharedKb()) / devices);
    row.put("descriptors", (double) (after.descriptors() - before.descriptors()) / devices);
    row.put("threads", (double) (after.threads() - before.threads()) / devices);
  }

  private double idle(Cards cards) {
    Pause.of(SETTLE);
    Footprint before = cards.footprint();
    long start = System.nanoTime();
    Pause.of(options.idle());
    long cpu = cards.footprint().cpuNanos() - before.cpuNanos();
    return 100.0 * Math.max(cpu, 0) / (System.nanoTime() - start);
  }

  private double rate(Cards cards, int active) {
    try (Frames frames = new Frames(cards, active)) {
      return frames.rate(options.load(), options.load()) / 1e3;
    }
  }

  /// What was measured so far.
  Table table() {
    return new Table(
        "devices",
        "Network cards on one switch, one poll loop, all by default",
        List.of(
            "Per device: what attaching it added. Own: resident memory but that of shared mappings;"
                + " heap: Java objects after a collection; guest's: guest memory that the host has"
                + " touched. Loopback runs guest and host in this process, so both are in it.",
            "Idle: processor time of all threads of the host, nothing arriving. Frames of 60 bytes,"
                + " received: between two cards while the others idle, and round all cards."),
        COLUMNS,
        rows);
  }
}
