package org.vbus.bench.report;

import java.util.List;

/// The highest rate without loss of a back-end, in one or more rounds.
///
/// @param side the back-end
/// @param rates round trips per second
/// @param cores how far apart the processors were, for each of them
public record LoadRate(String side, List<Double> rates, List<String> cores) {
  /// Copies the lists.
  public LoadRate {
    cores = List.copyOf(cores);
    rates = List.copyOf(rates);
  }
}
