package org.vbus.bench.peers;

import java.util.List;

/// The two processors that are polled on.
///
/// @param backEnd of the switch or whatever else is measured
/// @param frontEnd of the guests
public record Cores(int backEnd, int frontEnd) {
  /// Refuses one processor for both.
  ///
  /// @throws IllegalArgumentException naming it
  public Cores {
    if (backEnd == frontEnd || backEnd < 0 || frontEnd < 0) {
      throw new IllegalArgumentException(
          "two processors are needed, not %d and %d".formatted(backEnd, frontEnd));
    }
  }

  /// What tells testpmd to poll on `core` and to take commands on the other one.
  List<String> pollOn(int core) {
    int other = core == backEnd ? frontEnd : backEnd;
    return List.of("-l", core + "," + other, "--main-lcore", Integer.toString(other));
  }
}
