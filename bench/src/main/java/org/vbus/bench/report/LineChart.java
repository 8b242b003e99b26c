package org.vbus.bench.report;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static org.vbus.bench.report.Markup.at;
import static org.vbus.bench.report.Markup.text;

import java.util.ArrayList;
import java.util.List;

/// Draws one chart as an SVG element: curves over a few evenly spaced slots.
///
/// A curve is told by its hue, its marker and its dash pattern, so that it can be told without
/// colour. Colours are the CSS variables of the page. Every point carries its figures as a tooltip,
/// and the whole chart its values in words.
///
/// @param id unique in the page
/// @param title what the chart shows
/// @param unit of the vertical axis
/// @param slots labels of the horizontal axis
/// @param axis name of the horizontal axis
/// @param apart the first slot is no step of the others: the curves do not reach it
/// @param scale shared by the charts that are compared
/// @param curves in the order of the legend
record LineChart(
    String id,
    String title,
    String unit,
    List<String> slots,
    String axis,
    boolean apart,
    Scale scale,
    List<Curve> curves) {

  /// How a curve looks.
  ///
  /// @param hue any number; the style sheet has [#HUES]
  /// @param marker any number; there are nine shapes
  /// @param solid a line without gaps and small filled markers, or dashes and large hollow ones
  record Style(int hue, int marker, boolean solid) {
    private String css() {
      return "hue" + hue % HUES + (solid ? " solid" : " dashed");
    }

    private String mark(double x, double y) {
      return "<path class=\"mark\" transform=\"translate(%s %s) scale(%s)\" d=\"%s\"/>"
          .formatted(at(x), at(y), solid ? "2.6" : "5", MARKERS.get(marker % MARKERS.size()));
    }
  }

  /// One curve.
  ///
  /// @param name as in the legend
  /// @param style how it looks
  /// @param points by slot
  record Curve(String name, Style style, List<Point> points) {}

  /// One value.
  ///
  /// @param slot index into the slots
  /// @param value the height
  /// @param label the value as text
  /// @param tip all that is known about it
  record Point(int slot, double value, String label, String tip) {}

  /// Number of hues that the style sheet has.
  static final int HUES = 6;

  /// Shapes of about unit radius.
  private static final List<String> MARKERS =
      List.of(
          "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
          "M-.9-.9h1.8v1.8h-1.8z",
          "M0-1.35L1.35 0 0 1.35-1.35 0z",
          "M0-1.2L1.2.9h-2.4z",
          "M0 1.2L1.2-.9h-2.4z",
          "M-.5-1.3h1v2.6h-1z",
          "M-1.3-.5h2.6v1h-2.6z",
          "M-1.1-1.1h2.2l-2.2 2.2h2.2z",
          "M-.4-1.3h.8v.9h.9v.8h-.9v.9h-.8v-.9h-.9v-.8h.9z");

  private static final double WIDTH = 400;
  private static final double HEIGHT = 280;
  private static final double LEFT = 46;
  private static final double RIGHT = 372;
  private static final double TOP = 44;
  private static final double BOTTOM = 232;
  private static final double LINE = 12.5;
  private static final double DIGIT = 7.2;
  private static final int ROOMY = 4;

  /// A label beside a point, moved off its neighbours.
  private record Label(double y, String text, String css) {}

  String svg() {
    var out = new StringBuilder();
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" class="chart" \
        aria-labelledby="%s-t %s-d">
        <title id="%s-t">%s</title>
        <desc id="%s-d">%s</desc>
        """
            .formatted(
                at(WIDTH), at(HEIGHT), id, id, id, text(title + ", " + unit), id, text(words())));
    out.append(
        """
        <text class="heading" x="0" y="14">%s</text>
        <text class="unit" x="0" y="31">%s</text>
        """
            .formatted(text(title), text(unit)));
    axes(out);
    // Dashed curves first, with larger hollow markers: where two coincide, both can be seen.
    curves.stream().filter(curve -> !curve.style().solid()).forEach(curve -> curve(out, curve));
    curves.stream().filter(curve -> curve.style().solid()).forEach(curve -> curve(out, curve));
    labels(out);
    return out.append("</svg>\n").toString();
  }

  /// The line and marker of a curve, for a legend.
  static String swatch(Style style) {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 14" class="swatch" \
    aria-hidden="true"><g class="%s"><path class="line" d="M1 7H43"/>%s</g></svg>\
    """
        .formatted(style.css(), style.mark(22, 7));
  }

  private void axes(StringBuilder out) {
    for (Scale.Tick tick : scale.ticks()) {
      out.append(
          """
          <path class="grid" d="M%s %sH%s"/><text class="tick" x="%s" y="%s" text-anchor="end">%s</text>
          """
              .formatted(
                  at(LEFT),
                  at(y(tick.height())),
                  at(RIGHT),
                  at(LEFT - 6),
                  at(y(tick.height()) + 3.5),
                  text(tick.label())));
    }
    if (scale.hasZeroLine()) {
      double gap = y(scale.height(0)) - 9;
      out.append(
          "<path class=\"break\" d=\"M%s %sl8 -5m-8 9l8 -5\"/>\n".formatted(at(LEFT - 4), at(gap)));
    }
    if (apart) {
      double gap = x(1) - 0.22 * (x(1) - x(0));
      out.append(
          "<path class=\"apart\" d=\"M%s %sV%s\"/>\n".formatted(at(gap), at(TOP), at(BOTTOM)));
    }
    for (int slot = 0; slot < slots.size(); slot++) {
      out.append(
          "<text class=\"tick\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n"
              .formatted(at(x(slot)), at(BOTTOM + 20), text(slots.get(slot))));
    }
    out.append(
        "<text class=\"unit\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n"
            .formatted(at((LEFT + RIGHT) / 2), at(BOTTOM + 38), text(axis)));
  }

  private void curve(StringBuilder out, Curve curve) {
    out.append("<g class=\"").append(curve.style().css()).append("\">");
    String line =
        curve.points().stream()
            .filter(point -> !(apart && point.slot() == 0))
            .map(point -> at(x(point.slot())) + " " + at(y(point)))
            .collect(joining("L"));
    if (!line.isEmpty()) {
      out.append("<path class=\"line\" d=\"M").append(line).append("\"/>");
    }
    for (Point point : curve.points()) {
      out.append("<g><title>").append(text(point.tip())).append("</title>");
      out.append(curve.style().mark(x(point.slot()), y(point))).append("</g>");
    }
    out.append("</g>\n");
  }

  /// Values beside every slot if there is room, else beside the last and one that stands apart.
  private void labels(StringBuilder out) {
    for (int slot = 0; slot < slots.size(); slot++) {
      if (slots.size() <= ROOMY || slot == slots.size() - 1 || (apart && slot == 0)) {
        labels(out, slot);
      }
    }
  }

  private void labels(StringBuilder out, int slot) {
    var labels = new ArrayList<Label>();
    for (Curve curve : curves) {
      for (Point point : curve.points()) {
        if (point.slot() == slot) {
          labels.add(new Label(y(point), point.label(), curve.style().css()));
        }
      }
    }
    labels.sort(comparingDouble(Label::y).thenComparing(Label::text));
    merge(labels);
    double[] ys = spread(labels);
    double left = x(slot) + 16;
    for (int i = 0; i < ys.length; i++) {
      out.append(
          "<rect class=\"behind\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n"
              .formatted(
                  at(left - 1),
                  at(ys[i] - LINE / 2),
                  at(2 + DIGIT * labels.get(i).text().length()),
                  at(LINE)));
    }
    for (int i = 0; i < ys.length; i++) {
      Label label = labels.get(i);
      out.append(
          """
          <g class="%s"><path class="leader" d="M%s %sL%s %s"/>\
          <text class="value" x="%s" y="%s">%s</text></g>
          """
              .formatted(
                  label.css(),
                  at(x(slot) + 6),
                  at(label.y()),
                  at(left - 2),
                  at(ys[i]),
                  at(left),
                  at(ys[i] + 3.8),
                  text(label.text())));
    }
  }

  /// Curves that meet in one value share its label, which then has no curve's colour.
  private static void merge(List<Label> labels) {
    for (int i = labels.size() - 1; i > 0; i--) {
      Label label = labels.get(i);
      Label before = labels.get(i - 1);
      if (label.text().equals(before.text()) && Math.abs(label.y() - before.y()) < LINE / 2) {
        labels.remove(i);
        labels.set(i - 1, new Label(before.y(), before.text(), "several"));
      }
    }
  }

  /// Heights at which the labels, sorted by height, do not overlap and stay inside the chart.
  private static double[] spread(List<Label> labels) {
    double[] ys = labels.stream().mapToDouble(Label::y).toArray();
    for (int i = 1; i < ys.length; i++) {
      ys[i] = Math.max(ys[i], ys[i - 1] + LINE);
    }
    double limit = BOTTOM + 4;
    for (int i = ys.length - 1; i >= 0 && ys[i] > limit; i--) {
      ys[i] = limit;
      limit -= LINE;
    }
    return ys;
  }

  /// The chart in words, for those who cannot see it.
  private String words() {
    return curves.stream()
        .map(curve ->
            curve.name()
                + ": "
                + curve.points().stream()
                    .map(point -> slots.get(point.slot()) + " " + point.label())
                    .collect(joining(", ")))
        .collect(joining("; ", unit + " over " + axis + ". ", "."));
  }

  private double x(int slot) {
    double step = (RIGHT - LEFT) / slots.size();
    return LEFT + step * (slot + 0.5);
  }

  private double y(Point point) {
    return y(scale.height(point.value()));
  }

  private double y(double height) {
    return BOTTOM - height * (BOTTOM - TOP);
  }
}
