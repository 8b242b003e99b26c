package org.vbus.bench.report;

import java.util.List;

/// Prints comparisons with peers for a terminal.
final class PeerTable {
  private PeerTable() {}

  static String of(PeerReport report) {
    StringBuilder out = new StringBuilder();
    TextTable.environment(out, report.environment());
    report
        .versions()
        .forEach((peer, version) -> TextTable.wrapped(out, "%s: %s".formatted(peer, version)));
    TextTable.wrapped(
        out,
        "Million frames per second, medians; ratio is ours over theirs, pair by pair: median,"
            + " lowest, highest. Cores: how far the two processors were apart.");
    out.append('\n');
    List<List<String>> lines = PeerCells.of(report);
    int[] widths = PeerCells.HEADINGS.stream().mapToInt(String::length).toArray();
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    line(out, PeerCells.HEADINGS, widths);
    lines.forEach(line -> line(out, line, widths));
    for (PeerRow row : report.rows()) {
      if (row.pairs().isEmpty() && !row.discarded().isEmpty()) {
        TextTable.wrapped(
            out,
            "No pair of %s %s %s against %s counts, the last one because of: %s"
                .formatted(
                    row.mode(), row.size(), row.ring(), row.peer(), row.discarded().getLast()));
      }
    }
    report.leftOut().forEach(reason -> TextTable.wrapped(out, "Left out: " + reason));
    return out.toString();
  }

  private static void line(StringBuilder out, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - cells.get(i).length());
      // Words stand at the left, figures at the right.
      boolean word = i == 0 || i == 2 || i == 3 || i == 5 || i == 6;
      line.append(word ? cells.get(i) + padding : padding + cells.get(i)).append("  ");
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }
}
