package org.vbus.bench.peers;

import java.util.ArrayList;
import java.util.List;

/// A run of ours and the run of theirs next to it.
record Pair(Reading ours, Reading theirs) {

  /// Ours over theirs.
  double ratio() {
    return ours.mpps() / theirs.mpps();
  }

  /// Why it does not count; empty when it does.
  List<String> failures() {
    List<String> failures = new ArrayList<>();
    failures.addAll(ours.failures("ours"));
    failures.addAll(theirs.failures("theirs"));
    if (failures.isEmpty() && ours.distance() != theirs.distance()) {
      failures.add(
          "ours %s, theirs %s".formatted(ours.distance().text(), theirs.distance().text()));
    }
    return failures;
  }
}
