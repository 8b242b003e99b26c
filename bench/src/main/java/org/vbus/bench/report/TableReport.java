package org.vbus.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tables of one session, and where they were made.
///
/// @param title what was measured
/// @param environment the host, the JVM and the version under test
/// @param tables in order
/// @param leftOut what was not measured, and why
public record TableReport(
    String title, Environment environment, List<Table> tables, List<String> leftOut) {
  /// Copies the lists.
  public TableReport {
    tables = List.copyOf(tables);
    leftOut = List.copyOf(leftOut);
  }

  /// For programs: an object with `environment`, a list of rows for each table, and `leftOut`.
  public String json() {
    StringBuilder out = new StringBuilder("{\n\"environment\": ");
    JsonText.append(out, JsonReport.environment(environment));
    for (Table table : tables) {
      JsonText.append(out.append(",\n"), table.key());
      out.append(": [");
      String separator = "\n";
      for (Map<String, Object> row : table.rows()) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        table.columns().forEach(column -> members.put(column.key(), row.get(column.key())));
        JsonText.append(out.append(separator), members);
        separator = ",\n";
      }
      out.append("\n]");
    }
    JsonText.append(out.append(",\n\"leftOut\": "), leftOut);
    return out.append("\n}\n").toString();
  }

  /// For a terminal.
  public String text() {
    StringBuilder out = new StringBuilder();
    TextTable.environment(out, environment);
    for (Table table : tables) {
      out.append('\n');
      TextTable.wrapped(out, table.title());
      table.notes().forEach(note -> TextTable.wrapped(out, note));
      lines(out.append('\n'), table);
    }
    if (!leftOut.isEmpty()) {
      out.append('\n');
      leftOut.forEach(reason -> TextTable.wrapped(out, "Left out: " + reason));
    }
    return out.toString();
  }

  /// Words stand at the left, figures at the right, under headings that may take several lines.
  private static void lines(StringBuilder out, Table table) {
    List<List<String>> heads =
        table.headings().stream().map(heading -> List.of(heading.split(" ", -1))).toList();
    List<List<String>> rows = table.cells();
    int[] widths = new int[heads.size()];
    int tallest = 0;
    for (int i = 0; i < widths.length; i++) {
      tallest = Math.max(tallest, heads.get(i).size());
      widths[i] = heads.get(i).stream().mapToInt(String::length).max().orElse(0);
      for (List<String> row : rows) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    boolean[] words = words(table);
    for (int line = 0; line < tallest; line++) {
      int from = line - tallest;
      line(
          out,
          heads.stream()
              .map(head -> head.size() + from < 0 ? "" : head.get(head.size() + from))
              .toList(),
          widths,
          words);
    }
    rows.forEach(row -> line(out, row, widths, words));
  }

  private static boolean[] words(Table table) {
    boolean[] words = new boolean[table.columns().size()];
    for (int i = 0; i < words.length; i++) {
      String key = table.columns().get(i).key();
      words[i] = table.rows().stream().anyMatch(row -> row.get(key) instanceof String);
    }
    return words;
  }

  private static void line(StringBuilder out, List<String> cells, int[] widths, boolean[] words) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - cells.get(i).length());
      line.append(words[i] ? cells.get(i) + padding : padding + cells.get(i)).append("  ");
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }

  /// For people, as one page that loads nothing.
  public String html() {
    StringBuilder out = new StringBuilder();
    HtmlReport.begin(out, "vbus: " + title, title, environment);
    for (Table table : tables) {
      out.append("<section><h2>").append(Markup.text(table.title())).append("</h2>\n");
      table.notes().forEach(note -> out.append("<p>").append(Markup.text(note)).append("</p>\n"));
      out.append("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
      table.headings().forEach(name -> HtmlReport.heading(out, name));
      out.append("</tr></thead>\n<tbody>\n");
      for (List<String> row : table.cells()) {
        out.append("<tr><th scope=\"row\">").append(Markup.text(row.getFirst())).append("</th>");
        row.stream().skip(1).forEach(cell -> HtmlReport.cell(out, cell));
        out.append("</tr>\n");
      }
      out.append("</tbody></table></div>\n</section>\n");
    }
    if (!leftOut.isEmpty()) {
      out.append("<section><h2>Left out</h2>\n<ul>\n");
      leftOut.forEach(why -> out.append("<li>").append(Markup.text(why)).append("</li>\n"));
      out.append("</ul></section>\n");
    }
    HtmlReport.environment(out, environment);
    return out.append("</main>\n</body>\n</html>\n").toString();
  }
}
