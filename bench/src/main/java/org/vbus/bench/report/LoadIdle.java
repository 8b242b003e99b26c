package org.vbus.bench.report;

import java.util.List;

/// What a back-end takes while nothing happens.
///
/// @param side the back-end
/// @param devices that are attached
/// @param cpu parts of a processor, one for each round
public record LoadIdle(String side, int devices, List<Double> cpu) {
  /// Copies the list.
  public LoadIdle {
    cpu = List.copyOf(cpu);
  }
}
