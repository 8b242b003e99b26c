package org.vbus.bench.report;

import java.util.Locale;

/// Escaping and numbers for XHTML and SVG.
final class Markup {
  private Markup() {}

  /// Text that is safe as element content and inside a quoted attribute. Characters that XML 1.0
  /// does not allow (section 2.2) become U+FFFD.
  static String text(String s) {
    var out = new StringBuilder(s.length());
    s.codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> out.append("&amp;");
            case '<' -> out.append("&lt;");
            case '>' -> out.append("&gt;");
            case '"' -> out.append("&quot;");
            case '\'' -> out.append("&#39;");
            default -> out.appendCodePoint(isXml(c) ? c : 0xFFFD);
          }
        });
    return out.toString();
  }

  /// A coordinate with a tenth of a unit's precision.
  static String at(double coordinate) {
    return String.format(Locale.ROOT, "%.1f", coordinate);
  }

  private static boolean isXml(int c) {
    return c == '\t'
        || c == '\n'
        || (c >= 0x20 && c <= 0xD7FF)
        || (c >= 0xE000 && c <= 0xFFFD)
        || c >= 0x10000;
  }
}
