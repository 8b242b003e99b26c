package org.vbus.bench.report;

import java.util.List;

/// A figure that was measured several times.
///
/// @param median the middle
/// @param low the least
/// @param high the most
public record Spread(double median, double low, double high) {

  /// Median and extremes.
  ///
  /// @throws IllegalArgumentException of no values
  public static Spread of(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return new Spread(median(sorted), sorted.getFirst(), sorted.getLast());
  }

  /// The middle value, or the mean of the middle two.
  ///
  /// @throws IllegalArgumentException of no values
  public static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int n = sorted.size();
    if (n == 0) {
      throw new IllegalArgumentException("no median of nothing");
    }
    return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
  }
}
