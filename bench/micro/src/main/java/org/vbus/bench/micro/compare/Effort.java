package org.vbus.bench.micro.compare;

import java.util.List;

/// How long and how often each side is measured.
///
/// @param rounds JVMs per side and benchmark
/// @param warmUps iterations of 100 ms before those that count
/// @param iterations iterations of 50 ms that count, short so that some are undisturbed
public record Effort(int rounds, int warmUps, int iterations) {
  static final Effort FULL = new Effort(10, 10, 20);
  static final Effort QUICK = new Effort(6, 4, 8);

  private static final int WARM_UP_MILLIS = 100;
  private static final int MILLIS = 50;

  /// JVM start of JMH and of what it measures, roughly.
  private static final int START_MILLIS = 800;

  List<String> options() {
    return List.of(
        "-wi",
        "" + warmUps,
        "-w",
        WARM_UP_MILLIS + "ms",
        "-i",
        "" + iterations,
        "-r",
        MILLIS + "ms",
        "-v",
        "SILENT");
  }

  /// Minutes for so many benchmarks.
  long minutes(int cases) {
    long each = START_MILLIS + warmUps * WARM_UP_MILLIS + iterations * MILLIS;
    return Math.ceilDiv(2L * rounds * cases * each, 60_000L);
  }
}
