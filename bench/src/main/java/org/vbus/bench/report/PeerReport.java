package org.vbus.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All comparisons of one session, and where they were made.
///
/// @param environment the host, the JVM and the version under test
/// @param versions of the peers, by name
/// @param rows in the order they were run
/// @param leftOut what was not compared, and why
public record PeerReport(
    Environment environment,
    Map<String, String> versions,
    List<PeerRow> rows,
    List<String> leftOut) {
  /// Copies the collections.
  public PeerReport {
    versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    rows = List.copyOf(rows);
    leftOut = List.copyOf(leftOut);
  }

  /// For programs: an object with `environment`, `peers`, `comparisons` and `leftOut`, in JSON.
  public String json() {
    return PeerJson.of(this);
  }

  /// For a terminal.
  public String text() {
    return PeerTable.of(this);
  }

  /// For people, as one page that loads nothing.
  public String html() {
    return PeerPage.of(this);
  }
}
