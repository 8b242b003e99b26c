package org.vbus.bench.report;

import java.util.List;

/// The highest rate without loss of a back-end, in one or more rounds.
///
/// @param side the back-end
/// @param rates round trips per second
public record LoadRate(String side, List<Double> rates) {
  /// Copies the list.
  public LoadRate {
    rates = List.copyOf(rates);
  }
}
