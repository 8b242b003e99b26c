package org.vbus.stack.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The lines of every file of one configuration. The parser keeps keys in hash order and tells only
/// their lines; this gives back the order in which they were written.
final class SourceTexts {
  private final List<String> files = new ArrayList<>();
  private final Map<String, List<String>> lines = new HashMap<>();

  void add(String file, String text) {
    if (lines.put(file, text.lines().toList()) == null) {
      files.add(file);
    }
  }

  /// Line, from 1, of the first match in a file, or 0.
  int find(String file, Pattern pattern) {
    List<String> text = lines.getOrDefault(file, List.of());
    for (int i = 0; i < text.size(); i++) {
      if (pattern.matcher(text.get(i)).find()) {
        return i + 1;
      }
    }
    return 0;
  }

  /// The order of writing: the main file first, then included files as they were met; within a file
  /// by line; within a line by the first place where the key stands as a key.
  Comparator<ConfigNode> order() {
    return Comparator.<ConfigNode>comparingInt(node -> files.indexOf(node.origin().file()))
        .thenComparingInt(node -> node.origin().line())
        .thenComparingInt(this::column)
        .thenComparing(ConfigNode::key);
  }

  private int column(ConfigNode node) {
    List<String> text = lines.getOrDefault(node.origin().file(), List.of());
    int line = node.origin().line();
    if (line < 1 || line > text.size()) {
      return 0;
    }
    Pattern asKey =
        Pattern.compile("(?<![\\w\"-])\"?" + Pattern.quote(node.key()) + "\"?\\s*[.{=:+]");
    Matcher matcher = asKey.matcher(text.get(line - 1));
    return matcher.find() ? matcher.start() : Integer.MAX_VALUE;
  }
}
