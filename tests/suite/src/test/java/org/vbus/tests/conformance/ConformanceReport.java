package org.vbus.tests.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The state of every row, as Markdown: covered by a test, not applicable, a permission, or open.
///
/// The text depends on nothing but the catalog and the claims.
final class ConformanceReport {
  static final String COMMAND = "./mvnw -pl tests/suite -am verify -Dconformance.write";

  private static final Map<String, String> AREAS =
      Map.of(
          "basic", "Basic facilities (chapters 2, 3 and 6)",
          "split ring", "Split virtqueues (2.7)",
          "packed ring", "Packed virtqueues (2.8)",
          "mmio", "Register window (4.2, virtio over MMIO)",
          "net", "Network device (5.1)");

  private final ClauseCatalog catalog;
  private final ClauseClaims claims;

  ConformanceReport(ClauseCatalog catalog, ClauseClaims claims) {
    this.catalog = catalog;
    this.claims = claims;
  }

  /// What the claims say that the catalog denies, one line each; empty if they agree.
  List<String> contradictions() {
    List<String> found = new ArrayList<>();
    claims
        .byRow()
        .forEach((id, tests) -> {
          if (!catalog.contains(id)) {
            found.add(tests + " claim " + id + ", which is no id of rows.tsv");
          }
          catalog
              .dispositionOf(id)
              .filter(d -> d.kind() == Disposition.Kind.NOT_APPLICABLE)
              .ifPresent(d -> found.add(tests + " claim " + id + ", which is n/a: " + d.reason()));
        });
    claims.idle().forEach(place -> found.add(place + " has a clause but no running test"));
    return found;
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        # Conformance to virtio 1.4

        Generated from the `@Clause` annotations of the tests and the tables in
        `tests/suite/src/test/resources/conformance`; do not edit. `%s` writes it.

        A row is one normative statement of virtio 1.4 (cs01), told in our words. Its id is the section, `D` for a device
        requirement, `R` for a driver requirement or `S` for any other statement, and the number inside the section.
        *Covered* names the tests that show it, *n/a* gives the reason why it is not about vbus, *permission* asks for
        nothing, *open* is not done or not shown by a test.

        """
            .formatted(COMMAND));
    appendCounts(out);
    rowsByArea().forEach((area, sections) -> appendArea(out, area, sections));
    return out.toString();
  }

  private void appendCounts(StringBuilder out) {
    out.append("| area | rows | covered | open | permission | n/a |\n|---|--:|--:|--:|--:|--:|\n");
    rowsByArea()
        .forEach((area, sections) ->
            appendCount(
                out,
                AREAS.getOrDefault(area, area),
                sections.values().stream().flatMap(List::stream).toList()));
    appendCount(out, "**all**", catalog.rows());
  }

  private void appendCount(StringBuilder out, String name, List<ClauseRow> rows) {
    Map<String, Long> count =
        rows.stream().collect(Collectors.groupingBy(this::state, Collectors.counting()));
    out.append("| %s | %d |".formatted(name, rows.size()));
    for (String state : List.of("covered", "open", "permission", "n/a")) {
      out.append(" %d |".formatted(count.getOrDefault(state, 0L)));
    }
    out.append('\n');
  }

  private void appendArea(StringBuilder out, String area, Map<String, List<ClauseRow>> sections) {
    out.append("\n## ").append(AREAS.getOrDefault(area, area)).append('\n');
    sections.forEach((section, rows) -> {
      out.append("\n### %s %s\n\n".formatted(section, rows.getFirst().title()));
      out.append("| id | who | level | statement | status |\n|---|---|---|---|---|\n");
      for (ClauseRow row : rows) {
        out.append(
            "| %s | %s | %s | %s | %s |\n"
                .formatted(row.id(), row.who(), row.level(), row.gist(), status(row)));
      }
    });
  }

  private String status(ClauseRow row) {
    if (isCovered(row)) {
      return claims.of(row.id()).stream().collect(Collectors.joining("`, `", "covered: `", "`"));
    }
    return catalog
        .dispositionOf(row.id())
        .map(d -> d.kind() + ": " + d.reason())
        .orElse("**open**: no test yet");
  }

  private String state(ClauseRow row) {
    return isCovered(row)
        ? "covered"
        : catalog.dispositionOf(row.id()).map(d -> d.kind().toString()).orElse("open");
  }

  private boolean isCovered(ClauseRow row) {
    return !claims.of(row.id()).isEmpty();
  }

  private Map<String, Map<String, List<ClauseRow>>> rowsByArea() {
    return catalog.rows().stream()
        .collect(
            Collectors.groupingBy(
                ClauseRow::area,
                LinkedHashMap::new,
                Collectors.groupingBy(
                    ClauseRow::section, LinkedHashMap::new, Collectors.toList())));
  }
}
