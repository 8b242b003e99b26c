package org.vbus.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The table of comparisons that the terminal and the page share: one line for each distance of a
/// comparison.
final class PeerCells {
  static final List<String> HEADINGS =
      List.of(
          "mode",
          "bytes",
          "ring",
          "merge",
          "queues",
          "peer",
          "cores",
          "pairs",
          "ours",
          "theirs",
          "ratio",
          "low",
          "high",
          "discarded");

  private PeerCells() {}

  static List<List<String>> of(PeerReport report) {
    List<List<String>> lines = new ArrayList<>();
    for (PeerRow row : report.rows()) {
      List<PeerRow.Group> groups = row.groups();
      String discarded = Integer.toString(row.discarded().size());
      if (groups.isEmpty()) {
        lines.add(line(row, List.of("-", "0", "-", "-", "-", "-", "-", discarded)));
      }
      for (PeerRow.Group group : groups) {
        lines.add(
            line(
                row,
                List.of(
                    group.distance(),
                    Integer.toString(group.pairs()),
                    figure(group.ours().median()),
                    figure(group.theirs().median()),
                    figure(group.ratio().median()),
                    figure(group.ratio().low()),
                    figure(group.ratio().high()),
                    discarded)));
      }
    }
    return lines;
  }

  private static List<String> line(PeerRow row, List<String> rest) {
    List<String> cells =
        new ArrayList<>(
            List.of(
                row.mode(),
                row.size(),
                row.ring(),
                row.mergeable() ? "on" : "off",
                Integer.toString(row.queues()),
                row.peer()));
    cells.addAll(rest);
    return cells;
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
