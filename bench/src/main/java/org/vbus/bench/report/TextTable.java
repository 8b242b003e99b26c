package org.vbus.bench.report;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Prints a report for a terminal of 120 columns: one table per connector and kind, one row per
/// run.
///
/// Rows are grouped by devices, then load. `0` is an exact zero, `<.001` is not, and `-` is a count
/// that the run did not take.
public final class TextTable {
  private static final int WIDTH = 120;
  private static final int POLICY_WIDTH = 8;
  private static final String LABEL = "label";
  private static final String USER_EXITS = "userExitsPerIo";
  private static final String TRAP_EVENTS = "trapEventsPerIo";

  /// Extra fields that are columns; the first is another name of the exits per I/O.
  private static final Set<String> IN_COLUMNS = Set.of("kvmExitsPerIo", USER_EXITS, TRAP_EVENTS);

  /// One column. Columns of one group stand close together under the group's name.
  private record Column(String group, String top, String bottom, Function<Run, String> cell) {}

  private TextTable() {}

  /// The whole text; no line is longer than 120 columns.
  public static String of(BenchReport report) {
    var out = new StringBuilder();
    environment(out, report.environment());
    for (Section section : Section.of(report)) {
      out.append('\n');
      section(out, section);
    }
    return out.toString();
  }

  static void environment(StringBuilder out, Environment environment) {
    wrapped(
        out,
        "vbus %s%s, %s"
            .formatted(
                environment.version(),
                Optional.ofNullable(environment.commit()).map(c -> " (" + c + ")").orElse(""),
                environment.date()));
    wrapped(
        out,
        "%s, %d cores, %s".formatted(environment.cpu(), environment.cores(), environment.kernel()));
    wrapped(
        out,
        "JDK %s, %s, flags: %s"
            .formatted(
                environment.jdk(),
                environment.collector(),
                environment.jvmFlags().isEmpty()
                    ? "none"
                    : String.join(" ", environment.jvmFlags())));
    environment.notes().forEach(note -> wrapped(out, note));
  }

  private static void section(StringBuilder out, Section section) {
    wrapped(out, "%s: figures are %s".formatted(section.connector(), Figures.kind(section.kind())));
    wrapped(out, "exits/IO = " + Figures.composition(section.kind()));
    if (label(section) != null) {
      wrapped(out, "label: " + label(section));
    }
    out.append('\n');

    List<Column> columns = columns(section);
    List<List<String>> cells =
        section.runs().stream()
            .map(run -> columns.stream().map(column -> column.cell().apply(run)).toList())
            .toList();
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(columns.get(i).top().length(), columns.get(i).bottom().length());
      for (List<String> row : cells) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    groups(out, columns, widths);
    row(out, columns, widths, columns.stream().map(Column::top).toList());
    row(out, columns, widths, columns.stream().map(Column::bottom).toList());
    int ruleWidth = out.length() - out.lastIndexOf("\n", out.length() - 2) - 2;
    Set<String> shown = shown(section);
    Run previous = null;
    for (int i = 0; i < cells.size(); i++) {
      Run run = section.runs().get(i);
      if (previous == null || previous.devices() != run.devices()) {
        out.repeat('-', ruleWidth).append('\n');
      } else if (previous.load() != run.load()) {
        out.append('\n');
      }
      row(out, columns, widths, cells.get(i));
      if (!shown.containsAll(run.extra().keySet())) {
        String extras =
            run.extra().entrySet().stream()
                .filter(field -> !shown.contains(field.getKey()))
                .map(field -> field.getKey() + "=" + Figures.extra(field.getValue()))
                .collect(joining("  "));
        wrapped(out, "    " + extras);
      }
      previous = run;
    }
    if (!Part.ALL.containsAll(section.parts())) {
      wrapped(out, "More parts were counted than fit here; the JSON and HTML reports have all.");
    }
  }

  private static List<Column> columns(Section section) {
    var columns = new ArrayList<Column>();
    columns.add(new Column("", "", "policy", run -> elided(plain(run.policy()))));
    columns.add(new Column("", "event", "index", run -> run.eventIdx() ? "on" : "off"));
    columns.add(new Column("", "", "dev", run -> String.valueOf(run.devices())));
    if (section.batches().size() > 1) {
      columns.add(new Column("", "", "batch", run -> String.valueOf(Variant.of(run).batch())));
    }
    columns.add(new Column("", "", "load", run -> Figures.load(run.load())));
    columns.add(new Column("", "", "kIO/s", run -> Figures.kilo(run.iosPerSecond())));
    columns.add(new Column(" ", "exits", "/IO", run -> Figures.perIo(run.exitsPerIo())));
    boolean kinds = section.extras().contains(USER_EXITS);
    if (kinds) {
      columns.add(extra("user", "exits", USER_EXITS));
      columns.add(extra("trap", "events", TRAP_EVENTS));
    }
    String exits = kinds ? "per I/O" : "of which";
    columns.add(part(exits, "", "kicks", Part.KICKS));
    columns.add(part(exits, "inter-", "rupts", Part.INTERRUPTS));
    if (section.parts().contains(Part.INTERRUPT_EXITS)) {
      columns.add(part(exits, "their", "exits", Part.INTERRUPT_EXITS));
    }
    columns.add(part(exits, "", "regs", Part.REGISTER_ACCESSES));
    columns.add(part(exits, "", "halts", Part.HALTS));
    String others = kinds ? "not exits" : "not exits, per I/O";
    columns.add(part(others, "kicks", "saved", Part.KICKS_SUPPRESSED));
    columns.add(part(others, "", "signals", Part.SIGNALS));
    if (!kinds) {
      // Where there is room for them.
      columns.add(part(others, "coal-", "esced", Part.SIGNALS_COALESCED));
      columns.add(part(others, "", "wakes", Part.WAKES));
    }
    String latency = "latency, us";
    columns.add(new Column(latency, "", "p50", run -> Figures.micros(run.latencyMicros().p50())));
    columns.add(new Column(latency, "", "p99", run -> Figures.micros(run.latencyMicros().p99())));
    columns.add(
        new Column(latency, "", "p99.9", run -> Figures.micros(run.latencyMicros().p999())));
    return columns;
  }

  private static Column extra(String top, String bottom, String name) {
    return new Column(
        "  ",
        top,
        bottom,
        run -> run.extra().get(name) instanceof Double value ? Figures.perIo(value) : "-");
  }

  /// Extra fields that have columns, or are the same in all runs and stand above them.
  private static Set<String> shown(Section section) {
    Set<String> shown = new HashSet<>(IN_COLUMNS);
    if (section.batches().size() > 1) {
      shown.add("batch");
    }
    if (label(section) != null) {
      shown.add(LABEL);
    }
    return shown;
  }

  /// The label of all runs, null where they differ or have none.
  private static @Nullable Object label(Section section) {
    List<@Nullable Object> labels =
        section.runs().stream()
            .<@Nullable Object>map(run -> run.extra().get(LABEL))
            .distinct()
            .toList();
    return labels.size() == 1 ? labels.getFirst() : null;
  }

  private static Column part(String group, String top, String bottom, String name) {
    return new Column(
        group,
        top,
        bottom,
        run -> {
          var value = run.part(name);
          return value.isPresent() ? Figures.perIo(value.getAsDouble()) : "-";
        });
  }

  /// The line of group names, each centred between dashes over its columns.
  private static void groups(StringBuilder out, List<Column> columns, int[] widths) {
    var line = new StringBuilder();
    for (int i = 0; i < widths.length; ) {
      String group = columns.get(i).group();
      line.append(gap(columns, i));
      int span = widths[i];
      int next = i + 1;
      while (next < widths.length && columns.get(next).group().equals(group)) {
        span += 1 + widths[next++];
      }
      String name = group.isBlank() ? "" : " " + group + " ";
      int left = (span - name.length()) / 2;
      String fill = group.isBlank() ? " " : "-";
      line.append(fill.repeat(left)).append(name).append(fill.repeat(span - name.length() - left));
      i = next;
    }
    out.append(line).append('\n');
  }

  private static void row(
      StringBuilder out, List<Column> columns, int[] widths, List<String> cells) {
    var line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - cells.get(i).length());
      line.append(gap(columns, i));
      line.append(i == 0 ? cells.get(i) + padding : padding + cells.get(i));
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }

  private static String gap(List<Column> columns, int i) {
    if (i == 0) {
      return "";
    }
    return columns.get(i).group().equals(columns.get(i - 1).group()) ? " " : "  ";
  }

  private static String elided(String s) {
    return s.length() <= POLICY_WIDTH ? s : s.substring(0, POLICY_WIDTH - 1) + "~";
  }

  /// Text of our own or from outside, broken between words where possible.
  static void wrapped(StringBuilder out, String text) {
    String rest = plain(text);
    while (rest.length() > WIDTH) {
      int space = rest.lastIndexOf(' ', WIDTH);
      int end = space > WIDTH / 2 ? space : WIDTH;
      out.append(rest, 0, end).append('\n');
      rest = "    " + rest.substring(end).strip();
    }
    out.append(rest).append('\n');
  }

  /// Without control characters, which could move the terminal's cursor.
  private static String plain(String s) {
    return s.replaceAll("[\\p{Cc}\\p{Cf}]", "?");
  }
}
