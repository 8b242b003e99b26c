package org.vbus.bench.report;

/// A column of a [Table].
///
/// @param key of its values in a row, and in the JSON report
/// @param heading for people, with the unit
/// @param places of a fraction; whole numbers and words have none
public record Column(String key, String heading, int places) {
  /// Words or whole numbers.
  public static Column of(String key, String heading) {
    return new Column(key, heading, 0);
  }
}
