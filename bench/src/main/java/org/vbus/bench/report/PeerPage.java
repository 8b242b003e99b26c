package org.vbus.bench.report;

import static org.vbus.bench.report.Markup.text;

import java.util.List;

/// Writes comparisons with peers as one HTML page, like [HtmlReport]: well-formed XML that loads
/// nothing and runs no script.
final class PeerPage {
  private static final String METHOD =
      """
      <ul>
      <li>Guests are ports of <em>dpdk-testpmd</em> (virtio-user) in one process on one processor, \
      the same for both sides. The back-end polls on the other one: ours is <em>vbus host</em>, \
      theirs a program of a Debian package.</li>
      <li><em>rxonly</em>: the back-end takes what a guest sends. <em>txonly</em>: it sends. \
      <em>io</em>: it sends back what it gets, through memory of its own. <em>guests</em>: a switch \
      between two guests, frames going round in both directions.</li>
      <li>Each run of ours is followed by one of theirs. Before and after each the time of a cache \
      line between both processors is taken with the back-end stopped; a pair whose four readings \
      are not of one class does not count. Nor does one with a polling thread that waited for its \
      processor for more than 3 % of the time, a wrong number of bytes, or a direction that fell \
      behind.</li>
      <li>What comes through ours is compared byte by byte outside of the timed windows; the number \
      of frames compared is in the JSON report.</li>
      </ul>
      """;

  private PeerPage() {}

  static String of(PeerReport report) {
    StringBuilder out = new StringBuilder();
    HtmlReport.begin(out, "vbus: next to its peers", "Next to its peers", report.environment());
    out.append("<section><h2>Rates</h2>\n<p>Million frames per second, medians, and ours over");
    out.append(" theirs: median of the pairs, lowest, highest.</p>\n");
    table(out, report);
    reasons(out, report);
    out.append("</section>\n<section><h2>How it was measured</h2>\n").append(METHOD);
    out.append("</section>\n<section><h2>Peers</h2>\n<dl>\n");
    report.versions().forEach((peer, version) -> HtmlReport.entry(out, peer, version));
    out.append("</dl></section>\n");
    HtmlReport.environment(out, report.environment());
    return out.append("</main>\n</body>\n</html>\n").toString();
  }

  private static void table(StringBuilder out, PeerReport report) {
    out.append("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    PeerCells.HEADINGS.forEach(name -> HtmlReport.heading(out, name));
    out.append("</tr></thead>\n<tbody>\n");
    for (List<String> line : PeerCells.of(report)) {
      out.append("<tr><th scope=\"row\">").append(text(line.getFirst())).append("</th>");
      line.stream().skip(1).forEach(cell -> HtmlReport.cell(out, cell));
      out.append("</tr>\n");
    }
    out.append("</tbody></table></div>\n");
  }

  private static void reasons(StringBuilder out, PeerReport report) {
    if (!report.leftOut().isEmpty()) {
      out.append("<h3>Left out</h3>\n<ul>\n");
      report.leftOut().forEach(why -> out.append("<li>").append(text(why)).append("</li>\n"));
      out.append("</ul>\n");
    }
  }
}
