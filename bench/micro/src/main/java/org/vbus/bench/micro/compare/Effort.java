package org.vbus.bench.micro.compare;

import java.util.List;

/// How long and how often each side is measured.
///
/// @param rounds JVMs per side and benchmark
/// @param warmUps iterations before those that count
/// @param iterations those that count
/// @param millis of one iteration
public record Effort(int rounds, int warmUps, int iterations, int millis) {
  static final Effort FULL = new Effort(10, 5, 5, 200);
  static final Effort QUICK = new Effort(6, 3, 3, 100);

  /// JVM start of JMH and of what it measures, roughly.
  private static final int START_MILLIS = 800;

  List<String> options() {
    String time = millis + "ms";
    return List.of(
        "-wi", "" + warmUps, "-w", time, "-i", "" + iterations, "-r", time, "-v", "SILENT");
  }

  /// Minutes for so many benchmarks.
  long minutes(int cases) {
    long each = START_MILLIS + (long) (warmUps + iterations) * millis;
    return Math.ceilDiv(2L * rounds * cases * each, 60_000L);
  }
}
