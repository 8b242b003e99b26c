package org.vbus.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes values as JSON (RFC 8259), ASCII only.
public final class JsonText {
  private JsonText() {}

  /// Appends a value: null, text, a boolean, a finite number, a list or a map from text, in whose
  /// order members stand.
  public static void append(StringBuilder out, @Nullable Object value) {
    switch (value) {
      case null -> out.append("null");
      case String s -> string(out, s);
      case Map<?, ?> map -> {
        String separator = "{";
        for (var member : map.entrySet()) {
          string(out.append(separator), (String) member.getKey());
          append(out.append(": "), member.getValue());
          separator = ", ";
        }
        out.append(map.isEmpty() ? "{}" : "}");
      }
      case List<?> list -> {
        String separator = "[";
        for (Object element : list) {
          append(out.append(separator), element);
          separator = ", ";
        }
        out.append(list.isEmpty() ? "[]" : "]");
      }
      default -> out.append(value);
    }
  }

  private static void string(StringBuilder out, String s) {
    out.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
