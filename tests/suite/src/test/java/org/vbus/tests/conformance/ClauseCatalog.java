package org.vbus.tests.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The rows that vbus answers for, in the order of the specification, and their dispositions.
///
/// Two rows of one id, or a disposition that decides no row, are errors of the tables and throw
/// [IllegalArgumentException].
final class ClauseCatalog {
  private final Map<String, ClauseRow> rows = new LinkedHashMap<>();
  private final Map<String, Disposition> dispositions = new LinkedHashMap<>();

  ClauseCatalog(List<ClauseRow> rows, List<Disposition> dispositions) {
    for (ClauseRow row : rows) {
      if (this.rows.putIfAbsent(row.id(), row) != null) {
        throw new IllegalArgumentException("two rows have the id " + row.id());
      }
    }
    Set<Disposition> idle = new LinkedHashSet<>(dispositions);
    for (String id : this.rows.keySet()) {
      for (Disposition disposition : dispositions) {
        if (disposition.names(id)) {
          this.dispositions.put(id, disposition);
          idle.remove(disposition);
          break;
        }
      }
    }
    if (!idle.isEmpty()) {
      throw new IllegalArgumentException("dispositions that decide no row: " + idle);
    }
  }

  /// The catalog of the tables on the class path.
  static ClauseCatalog load() {
    List<ClauseRow> rows = new ArrayList<>();
    for (String[] f : table("rows.tsv", 8)) {
      rows.add(new ClauseRow(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]));
    }
    List<Disposition> dispositions = new ArrayList<>();
    for (String[] f : table("dispositions.tsv", 3)) {
      for (String pattern : f[0].split(",", -1)) {
        dispositions.add(new Disposition(pattern, Disposition.Kind.of(f[1]), f[2]));
      }
    }
    return new ClauseCatalog(rows, dispositions);
  }

  List<ClauseRow> rows() {
    return List.copyOf(rows.values());
  }

  boolean contains(String id) {
    return rows.containsKey(id);
  }

  Optional<Disposition> dispositionOf(String id) {
    return Optional.ofNullable(dispositions.get(id));
  }

  private static List<String[]> table(String name, int columns) {
    List<String[]> table =
        text(name)
            .lines()
            .filter(line -> !line.startsWith("#"))
            .skip(1)
            .map(line -> line.split("\t", -1))
            .toList();
    for (String[] fields : table) {
      if (fields.length != columns) {
        throw new IllegalArgumentException(
            name + ": " + columns + " columns expected: " + String.join(" | ", fields));
      }
    }
    return table;
  }

  private static String text(String name) {
    try (InputStream in = ClauseCatalog.class.getResourceAsStream("/conformance/" + name)) {
      if (in == null) {
        throw new IllegalStateException("no /conformance/" + name + " on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
