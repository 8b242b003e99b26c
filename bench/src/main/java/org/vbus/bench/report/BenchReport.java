package org.vbus.bench.report;

import java.util.List;

/// All figures of one benchmark session and where they were taken.
///
/// @param environment the host, the JVM and the version under test
/// @param runs in the order they were run; the printers sort them
public record BenchReport(Environment environment, List<Run> runs) {
  /// Copies the list.
  public BenchReport {
    runs = List.copyOf(runs);
  }
}
