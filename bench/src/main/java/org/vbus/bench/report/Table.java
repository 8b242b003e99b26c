package org.vbus.bench.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Figures of one kind, a row for each case.
///
/// @param key in the JSON report
/// @param title for people
/// @param notes what a reader of the figures must know
/// @param columns in order
/// @param rows values by key of their column: text, whole numbers or finite doubles; what a row has
///   not was not measured
public record Table(
    String key,
    String title,
    List<String> notes,
    List<Column> columns,
    List<Map<String, Object>> rows) {
  /// Copies the collections.
  ///
  /// @throws IllegalArgumentException of a figure that is not finite, or has no column
  public Table {
    notes = List.copyOf(notes);
    columns = List.copyOf(columns);
    List<String> keys = columns.stream().map(Column::key).toList();
    List<Map<String, Object>> copies = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      row.forEach((name, value) -> check(keys, name, value));
      copies.add(Collections.unmodifiableMap(new LinkedHashMap<>(row)));
    }
    rows = List.copyOf(copies);
  }

  private static void check(List<String> keys, String name, Object value) {
    if (!keys.contains(name)) {
      throw new IllegalArgumentException("no column " + name + " in " + keys);
    }
    if (value instanceof Double figure && !Double.isFinite(figure)) {
      throw new IllegalArgumentException(name + " is " + figure);
    }
  }

  List<String> headings() {
    return columns.stream().map(Column::heading).toList();
  }

  /// The rows as people read them.
  List<List<String>> cells() {
    return rows.stream()
        .map(row -> columns.stream().map(column -> cell(row.get(column.key()), column)).toList())
        .toList();
  }

  private static String cell(@Nullable Object value, Column column) {
    return switch (value) {
      case null -> "-";
      case Double figure -> String.format(Locale.ROOT, "%." + column.places() + "f", figure);
      default -> value.toString();
    };
  }
}
