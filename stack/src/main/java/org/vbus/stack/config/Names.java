package org.vbus.stack.config;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Java names as keys, and the nearest known name for a mistyped one.
final class Names {
  private Names() {}

  /// `macTable` and `MAC_TABLE` are both `mac-table`.
  static String kebab(String java) {
    return java.equals(java.toUpperCase(Locale.ROOT))
        ? java.toLowerCase(Locale.ROOT).replace('_', '-')
        : java.replaceAll("(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }

  /// ` (did you mean mtu?)`, or nothing when no known name is near.
  static String suggestion(String wrong, Collection<String> known) {
    String nearest = nearest(wrong, known);
    return nearest == null ? "" : " (did you mean " + nearest + "?)";
  }

  private static @Nullable String nearest(String wrong, Collection<String> known) {
    String best = null;
    int limit = (wrong.length() + 1) / 3; // a name of one letter resembles nothing
    for (String name : known) {
      int distance = distance(wrong, name);
      if (distance <= limit) {
        best = name;
        limit = distance - 1;
      }
    }
    return best;
  }

  /// Levenshtein distance.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
