package org.vbus.stack.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The keys of a configuration record as aligned text, from the same annotations the binder obeys.
public final class ConfigReference {
  private ConfigReference() {}

  /// One line for each key, blocks before what is in them: the key with its blocks, what is
  /// expected, its default (or `required`, `optional`), its [Doc]. Entries of a map are `<name>`,
  /// of a list `[]`. The keys of plug-ins are not known here; describe their records.
  public static List<String> describe(Class<? extends Record> type) {
    List<Row> rows = new ArrayList<>();
    addRecord(rows, "", type);
    String format =
        "%%-%ds  %%-%ds  %%-%ds  %%s"
            .formatted(
                rows.stream().mapToInt(row -> row.key().length()).max().orElse(1),
                rows.stream().mapToInt(row -> row.expected().length()).max().orElse(1),
                rows.stream().mapToInt(row -> row.presence().length()).max().orElse(1));
    return rows.stream()
        .map(row -> format.formatted(row.key(), row.expected(), row.presence(), row.doc()))
        .map(String::stripTrailing)
        .toList();
  }

  private record Row(String key, String expected, String presence, String doc) {}

  private static void addRecord(List<Row> rows, String prefix, Class<?> type) {
    for (Component component : Component.of(type)) {
      String key = prefix + component.key();
      Doc doc = component.declared().getAnnotation(Doc.class);
      rows.add(
          new Row(
              key,
              RecordBinder.expected(component),
              presence(component),
              doc == null ? "" : doc.value()));
      addInner(rows, key, component.type(), component);
    }
  }

  private static void addInner(List<Row> rows, String key, Type type, Component component) {
    if (type instanceof ParameterizedType generic) {
      Type[] of = generic.getActualTypeArguments();
      String entry =
          generic.getRawType() == Map.class
              ? key + ".<name>"
              : generic.getRawType() == List.class ? key + "[]" : key;
      addInner(rows, entry, of[of.length - 1], component);
    } else if (type instanceof Class<?> plain && plain.isRecord()) {
      addRecord(rows, key + ".", plain);
    } else if (type == PluginBlock.class && component.namedBy() != null && !component.rest()) {
      rows.add(new Row(key + "." + component.namedBy(), "the name of a plug-in", "required", ""));
    }
  }

  private static String presence(Component component) {
    String text = component.defaultText();
    return text != null ? "default " + text : component.nullable() ? "optional" : "required";
  }
}
