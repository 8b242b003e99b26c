package org.vbus.bench.report;

import static org.vbus.bench.report.Markup.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/// Writes a report as one HTML page with charts, which loads nothing and runs no script.
///
/// The page is XHTML-compatible: well-formed XML in UTF-8. It follows the reader's light or dark
/// setting, fits a phone, and prints.
public final class HtmlReport {
  private static final String MEANING =
      """
      <p>An <em>exit</em> is an event that stops a guest's own execution: a kick that crosses the \
      boundary, an interrupt with the exits it costs, an access to a device register, a halt. \
      <em>Exits per I/O</em> is their number divided by the number of completed requests. It is what \
      a connector and its signal policy cost, and it is only worth something next to its parts and \
      the latency, so both are here.</p>
      """;

  private static final String METHOD =
      """
      <ul>
      <li>Signal policies: <em>direct</em>, an interrupt for each signal; <em>ring</em>, signals go \
      into an event ring, with an interrupt only if the guest is not already looking; \
      <em>polled</em>, no interrupts.</li>
      <li>Load <em>one at a time</em>: a single request outstanding. Percentages: requests \
      offered at that share of the maximum rate. <em>max</em>: requests offered as fast as they are \
      accepted. Charts show the steps evenly spaced; the curves leave out <em>one at a time</em>, \
      which is no step of the same ladder.</li>
      <li><em>Counted</em> figures are counted by vbus where an event crosses the boundary; \
      <em>measured</em> figures come from the kernel's own statistics. The two are never shown in one \
      chart or table, and no figure is modelled.</li>
      <li>Two means save exits: the event index, which can help a single queue, and the event ring, \
      which lets many queues share one interrupt. Each is shown with and without the other.</li>
      </ul>
      """;

  private HtmlReport() {}

  /// The whole page.
  public static String of(BenchReport report) {
    var out = new StringBuilder();
    Environment environment = report.environment();
    begin(out, "vbus: exits per I/O", "Exits per I/O", environment);
    out.append("<section><h2>What the number means</h2>\n").append(MEANING).append("</section>\n");

    List<String> policies =
        report.runs().stream()
            .map(Variant::of)
            .sorted(Variant.ORDER)
            .map(Variant::policy)
            .distinct()
            .toList();
    int number = 0;
    for (Section section : Section.of(report)) {
      section(out, section, policies, "s" + number++);
    }
    out.append("<section><h2>How it was measured</h2>\n").append(METHOD).append("</section>\n");
    environment(out, environment);
    return out.append("</main>\n</body>\n</html>\n").toString();
  }

  /// Everything before the first section.
  static void begin(StringBuilder out, String title, String heading, Environment environment) {
    out.append(
        """
        <!DOCTYPE html>
        <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <header><h1>%s</h1><p>%s</p></header>
        <main>
        """
            .formatted(
                text(title),
                styleSheet(),
                text(heading),
                text(source(environment) + ", " + environment.date())));
  }

  private static void section(
      StringBuilder out, Section section, List<String> policies, String id) {
    out.append(
        """
        <section id="%s" data-kind="%s"><h2>%s, %s</h2>
        <p>Every figure in this section is %s. Exits per I/O = %s.</p>
        """
            .formatted(
                id,
                text(section.kind()),
                text(section.connector()),
                text(section.kind()),
                text(Figures.kind(section.kind())),
                text(Figures.composition(section.kind()))));
    out.append(new SectionFigures(section, policies, id).html());
    table(out, section);
    out.append("</section>\n");
  }

  private static void table(StringBuilder out, Section section) {
    out.append(
        """
        <h3>All figures</h3>
        <p>Parts are counts per I/O; latencies are in µs. 0 is an exact zero; – was not counted.</p>
        <div class="scroll" tabindex="0"><table>
        <thead><tr>
        """);
    List.of("policy", "event index", "devices", "load").forEach(name -> heading(out, name));
    section.extras().forEach(name -> heading(out, spaced(name)));
    List.of("I/Os", "seconds", "I/O per s", "exits per I/O").forEach(name -> heading(out, name));
    section.parts().forEach(name -> heading(out, spaced(name)));
    List.of("p50", "p99", "p99.9").forEach(name -> heading(out, name));
    out.append("</tr></thead>\n");
    int devices = 0;
    for (Run run : section.runs()) {
      if (run.devices() != devices) {
        out.append(devices == 0 ? "<tbody>\n" : "</tbody>\n<tbody>\n");
        devices = run.devices();
      }
      out.append("<tr><th scope=\"row\">").append(text(run.policy())).append("</th>");
      cell(out, run.eventIdx() ? "on" : "off");
      cell(out, String.valueOf(run.devices()));
      cell(out, Figures.load(run.load()));
      for (String name : section.extras()) {
        Object value = run.extra().get(name);
        cell(out, value == null ? "–" : Figures.extra(value));
      }
      cell(out, String.format(Locale.ROOT, "%,d", run.ios()));
      cell(out, String.format(Locale.ROOT, "%.2f", run.seconds()));
      cell(out, String.format(Locale.ROOT, "%,.0f", run.iosPerSecond()));
      out.append("<td class=\"sum\">")
          .append(text(Figures.perIo(run.exitsPerIo())))
          .append("</td>");
      for (String name : section.parts()) {
        var part = run.part(name);
        cell(out, part.isPresent() ? Figures.perIo(part.getAsDouble()) : "–");
      }
      cell(out, Figures.micros(run.latencyMicros().p50()));
      cell(out, Figures.micros(run.latencyMicros().p99()));
      cell(out, Figures.micros(run.latencyMicros().p999()));
      out.append("</tr>\n");
    }
    out.append("</tbody></table></div>\n");
  }

  static void environment(StringBuilder out, Environment environment) {
    out.append("<section><h2>Environment</h2>\n<dl>\n");
    entry(out, "Version", source(environment));
    entry(out, "Date", environment.date().toString());
    entry(out, "Processor", environment.cpu() + ", " + environment.cores() + " cores");
    entry(out, "Kernel", environment.kernel());
    entry(out, "JDK", environment.jdk());
    entry(
        out,
        "JVM flags",
        environment.jvmFlags().isEmpty() ? "none" : String.join(" ", environment.jvmFlags()));
    entry(out, "Collector", environment.collector());
    environment.notes().forEach(note -> entry(out, "Note", note));
    out.append("</dl></section>\n");
  }

  private static String source(Environment environment) {
    return "vbus %s, commit %s"
        .formatted(
            environment.version(), Objects.requireNonNullElse(environment.commit(), "unknown"));
  }

  static void heading(StringBuilder out, String name) {
    out.append("<th scope=\"col\">").append(text(name)).append("</th>");
  }

  static void cell(StringBuilder out, String value) {
    out.append("<td>").append(text(value)).append("</td>");
  }

  static void entry(StringBuilder out, String name, String value) {
    out.append("<dt>").append(text(name)).append("</dt><dd>").append(text(value)).append("</dd>\n");
  }

  /// `signalsCoalesced` as words, which a narrow column can break.
  private static String spaced(String name) {
    return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }

  private static String styleSheet() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("report.css is missing from the module", e);
    }
  }
}
