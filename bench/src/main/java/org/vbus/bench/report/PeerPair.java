package org.vbus.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// A run of ours and one of a peer's that count, taken next to each other.
///
/// @param distance of the two processors during both
/// @param oursMpps million frames per second
/// @param theirsMpps the peer's
/// @param details readings behind both, by name
public record PeerPair(
    String distance, double oursMpps, double theirsMpps, Map<String, Double> details) {
  /// Keeps the order of the details.
  public PeerPair {
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  /// Ours over theirs.
  public double ratio() {
    return oursMpps / theirsMpps;
  }
}
