package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.peers.Child;
import org.vbus.bench.peers.Children;
import org.vbus.bench.peers.Pause;
import org.vbus.bench.report.Column;
import org.vbus.bench.report.Spread;
import org.vbus.bench.report.Table;
import org.vbus.linux.SystemCallException;
import org.vbus.linux.UnixSocket;

/// From the start of a program to the first connection that its socket takes, and the memory it has
/// then. Programs take turns, so that what else the machine does happens to all of them.
final class StartScale {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("program", "program"),
          Column.of("starts", "starts"),
          new Column("millis", "ms to listen median", 0),
          new Column("millisLow", "ms least", 0),
          new Column("millisHigh", "ms most", 0),
          new Column("cpuMillis", "CPU ms", 0),
          new Column("listeningMb", "resident MB listening", 1),
          new Column("attachedMb", "resident MB attached", 1),
          Column.of("threads", "threads"));

  private static final Duration LIMIT = Duration.ofSeconds(20);

  /// Between two tries to connect.
  private static final long TRY_NANOS = 200_000;

  /// After which a program that listens, or that has a guest, is not busy with that any more.
  private static final Duration SETTLE = Duration.ofMillis(300);

  private final Children children;
  private final Progress progress;
  private final Map<String, Series> series = new LinkedHashMap<>();

  /// What the starts of one program came to.
  private static final class Series {
    final List<Double> millis = new ArrayList<>();
    final List<Double> cpuMillis = new ArrayList<>();
    final List<Double> listening = new ArrayList<>();
    double attached;
    int threads;
  }

  StartScale(Children children, Progress progress) {
    this.children = children;
    this.progress = progress;
  }

  /// Starts each program so often, all of them once before any twice; the last time with a guest.
  ///
  /// @throws BenchFailure when one does not listen
  void measure(List<Program> programs, int starts) {
    for (int round = 0; round < starts; round++) {
      for (Program program : programs) {
        progress.step("start %d of %d: %s".formatted(round + 1, starts, program.name()));
        start(program, round == starts - 1);
      }
    }
  }

  private void start(Program program, boolean withGuest) {
    Series to = series.computeIfAbsent(program.name(), _ -> new Series());
    try {
      Files.deleteIfExists(program.socket());
    } catch (IOException e) {
      throw new BenchFailure(program.socket() + " is in the way", e);
    }
    String name = program.name().replaceAll("[^a-z]+", "-");
    long start = System.nanoTime();
    Child child = children.start(name, program.command(), program.environment());
    try {
      awaitListening(child, program);
      to.millis.add((System.nanoTime() - start) / 1e6);
      to.cpuMillis.add(Footprint.of(child.pid()).cpuNanos() / 1e6);
      Pause.of(SETTLE);
      Footprint now = Footprint.of(child.pid());
      to.listening.add(now.residentKb() / 1024.0);
      to.threads = now.threads();
      if (withGuest) {
        attach(child, program, to);
      }
    } finally {
      children.end(child);
    }
  }

  private static void awaitListening(Child child, Program program) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!listens(program)) {
      if (!child.isAlive()) {
        throw child.failure("ended before it listened");
      }
      if (System.nanoTime() > deadline) {
        throw child.failure("does not listen after " + LIMIT.toSeconds() + " s");
      }
      LockSupport.parkNanos(TRY_NANOS);
    }
  }

  private static boolean listens(Program program) {
    if (!Files.exists(program.socket())) {
      return false;
    }
    try {
      UnixSocket.connect(program.socket()).close();
      return true;
    } catch (SystemCallException e) {
      return false;
    }
  }

  private static void attach(Child child, Program program, Series to) {
    try (AutoCloseable _ = program.guest().apply(program.socket())) {
      Pause.of(SETTLE);
      to.attached = Footprint.of(child.pid()).residentKb() / 1024.0;
    } catch (Exception e) {
      throw child.failure("takes no guest (" + e.getMessage() + ")");
    }
  }

  /// What was measured so far.
  Table table() {
    List<Map<String, Object>> rows = new ArrayList<>();
    series.forEach((name, of) -> {
      Spread millis = Spread.of(of.millis);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("program", name);
      row.put("starts", of.millis.size());
      row.put("millis", millis.median());
      row.put("millisLow", millis.low());
      row.put("millisHigh", millis.high());
      row.put("cpuMillis", Spread.median(of.cpuMillis));
      row.put("listeningMb", Spread.median(of.listening));
      row.put("attachedMb", of.attached);
      row.put("threads", of.threads);
      rows.add(row);
    });
    return new Table(
        "start",
        "From exec to a socket that takes a connection",
        List.of(
            "Medians of starts in turn. CPU: of all threads by then. Attached: with a guest that"
                + " has initialised the device and does nothing."),
        COLUMNS,
        rows);
  }
}
