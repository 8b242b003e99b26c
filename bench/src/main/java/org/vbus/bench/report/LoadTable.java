package org.vbus.bench.report;

import java.util.List;

/// Prints what back-ends do with a load for a terminal.
final class LoadTable {
  private LoadTable() {}

  static String of(LoadReport report) {
    StringBuilder out = new StringBuilder();
    TextTable.environment(out, report.environment());
    report
        .versions()
        .forEach((side, version) -> TextTable.wrapped(out, "%s: %s".formatted(side, version)));
    TextTable.wrapped(out, LoadCells.MEANING);
    for (String part : report.parts()) {
      if (part.equals(LoadReport.ROUND_TRIP)) {
        section(
            out,
            "Highest rate of round trips without loss (at most 0.1 %)",
            LoadCells.RATE_HEADINGS,
            LoadCells.rates(report));
      }
      for (String guests : report.guests(part)) {
        section(
            out,
            "%s, %s".formatted(LoadCells.heading(part), LoadCells.guests(guests)),
            LoadCells.HEADINGS,
            LoadCells.of(report, part, guests));
      }
    }
    if (!report.idles().isEmpty()) {
      section(out, "Idle", LoadCells.IDLE_HEADINGS, LoadCells.idles(report));
    }
    report.leftOut().forEach(reason -> TextTable.wrapped(out, "Left out: " + reason));
    return out.toString();
  }

  private static void section(
      StringBuilder out, String heading, List<String> headings, List<List<String>> lines) {
    out.append('\n');
    TextTable.wrapped(out, heading);
    int[] widths = headings.stream().mapToInt(String::length).toArray();
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    line(out, headings, widths);
    lines.forEach(line -> line(out, line, widths));
  }

  /// The first column is words, the others are figures, at the right.
  private static void line(StringBuilder out, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - cells.get(i).length());
      line.append(i == 0 ? cells.get(i) + padding : padding + cells.get(i)).append(' ');
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }
}
