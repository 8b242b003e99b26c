package org.vbus.bench.report;

/// Latency of one I/O, from submission to completion as the driver sees it, in microseconds.
///
/// @param p50 median
/// @param p99 99th percentile
/// @param p999 99.9th percentile
public record Latency(double p50, double p99, double p999) {
  /// Refuses percentiles that are not finite, negative, or out of order.
  ///
  /// @throws IllegalArgumentException naming the figures
  public Latency {
    if (!(0 <= p50 && p50 <= p99 && p99 <= p999 && p999 < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "latency percentiles must be finite and ascending: %s, %s, %s".formatted(p50, p99, p999));
    }
  }
}
