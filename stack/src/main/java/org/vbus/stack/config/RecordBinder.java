package org.vbus.stack.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Binds a block to a record, as the package describes. One call finds every fault below the block:
/// unknown keys, missing keys, wrong types, values out of range, and what the compact constructor
/// of a record refuses with an [IllegalArgumentException] (reported at the record's block).
public final class RecordBinder {
  private final List<ConfigError> errors = new ArrayList<>();

  private RecordBinder() {}

  /// The record for a block, or for a scalar if the record has a [Shorthand].
  ///
  /// @throws IllegalArgumentException if the record has a component of an unsupported type
  /// @throws IllegalStateException if the record is not accessible
  public static <R extends Record> R bind(ConfigNode node, Class<R> type)
      throws BadConfigException {
    RecordBinder binder = new RecordBinder();
    Object bound = binder.record(node, type);
    if (bound == null) {
      throw BadConfigException.of(binder.errors);
    }
    return type.cast(bound);
  }

  /// Null, here and below, means that at least one error was added.
  private @Nullable Object record(ConfigNode given, Class<?> type) {
    List<Component> components = Component.of(type);
    ConfigNode node = asBlock(given, components);
    if (!node.isBlock()) {
      return mismatch(given, "a block");
    }
    int before = errors.size();
    Set<String> accepted = new LinkedHashSet<>();
    boolean rest = false;
    for (Component component : components) {
      accepted.add(component.key());
      rest |= component.rest();
    }
    @Nullable Object[] arguments = new @Nullable Object[components.size()];
    for (int i = 0; i < arguments.length; i++) {
      Component component = components.get(i);
      arguments[i] =
          component.rest() ? plugin(node.taking(accepted), component) : component(node, component);
    }
    if (!rest) {
      refuseUnknown(node, accepted);
    }
    if (errors.size() > before) {
      return null;
    }
    try {
      return Component.construct(type, arguments);
    } catch (IllegalArgumentException e) {
      return fail(node, String.valueOf(e.getMessage()));
    }
  }

  private static ConfigNode asBlock(ConfigNode given, List<Component> components) {
    if (given.text() != null) {
      for (Component component : components) {
        if (component.shorthand()) {
          return given.wrapped(component.key());
        }
      }
    }
    return given;
  }

  private @Nullable Object component(ConfigNode block, Component component) {
    ConfigNode node = block.child(component.key());
    String defaultText = component.defaultText();
    if (node.exists()) {
      return value(node, component.type(), component);
    }
    if (defaultText != null) {
      return value(block.filled(component.key(), defaultText), component.type(), component);
    }
    return component.nullable() ? null : missing(block, component.key(), expected(component));
  }

  private @Nullable Object value(ConfigNode node, Type type, Component component) {
    if (type instanceof ParameterizedType generic) {
      Type[] of = generic.getActualTypeArguments();
      if (generic.getRawType() == List.class) {
        return list(node, of[0], component);
      }
      if (generic.getRawType() == Map.class && of[0] == String.class) {
        return map(node, of[1], component);
      }
      if (generic.getRawType() == Located.class) {
        Object value = value(node, of[0], component);
        return value == null ? null : new Located<>(value, node.origin(), node.path());
      }
    } else if (type == PluginBlock.class) {
      return plugin(node, component);
    } else if (type instanceof Class<?> plain && plain.isRecord()) {
      return record(node, plain);
    } else if (type instanceof Class<?> plain && Scalar.isScalar(plain)) {
      return scalar(node, new Scalar(plain, component.declared()));
    }
    throw unsupported(component);
  }

  private @Nullable Object scalar(ConfigNode node, Scalar scalar) {
    String text = node.text();
    if (text == null) {
      return mismatch(node, scalar.expected());
    }
    Object value = scalar.read(text);
    return value != null ? value : fail(node, scalar.mismatch(text, node.shown()));
  }

  private @Nullable Object list(ConfigNode node, Type of, Component component) {
    if (!node.isList()) {
      return mismatch(node, "a list");
    }
    List<Object> values = new ArrayList<>();
    for (ConfigNode element : node.elements()) {
      Object value =
          element.exists() ? value(element, of, component) : fail(element, "a list has no nulls");
      if (value != null) {
        values.add(value);
      }
    }
    return List.copyOf(values);
  }

  private @Nullable Object map(ConfigNode node, Type of, Component component) {
    if (!node.isBlock()) {
      return mismatch(node, "a block of named entries");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (ConfigNode child : node.children()) {
      Object value = value(child, of, component);
      if (value != null) {
        values.put(child.key(), value);
      }
    }
    return Collections.unmodifiableMap(values);
  }

  private @Nullable Object plugin(ConfigNode node, Component component) {
    String text = node.text();
    if (text != null) {
      return new PluginBlock(new Located<>(text, node.origin(), node.path()), node.emptied());
    }
    String namedBy = component.namedBy();
    if (namedBy != null) {
      return pluginNamedBy(node, namedBy, component.namedOtherwise());
    }
    List<ConfigNode> names = node.children();
    if (names.size() != 1) {
      String got = String.join(", ", names.stream().map(ConfigNode::key).toList());
      return fail(
          node,
          "expected a plug-in's name or one block with that name, got "
              + (names.isEmpty() ? node.shown() + " without one" : got));
    }
    ConfigNode body = names.getFirst();
    return new PluginBlock(new Located<>(body.key(), body.origin(), node.path()), body);
  }

  private @Nullable Object pluginNamedBy(ConfigNode node, String namedBy, String otherwise) {
    ConfigNode name = node.child(namedBy);
    if (!node.isBlock()) {
      return mismatch(node, "a block");
    }
    if (!name.exists()) {
      return otherwise.isEmpty()
          ? missing(node, namedBy, "the name of a plug-in")
          : new PluginBlock(
              new Located<>(otherwise, node.origin(), node.path()), node.taking(Set.of(namedBy)));
    }
    String text = name.text();
    return text == null
        ? mismatch(name, "the name of a plug-in")
        : new PluginBlock(
            new Located<>(text, name.origin(), name.path()), node.taking(Set.of(namedBy)));
  }

  private void refuseUnknown(ConfigNode block, Set<String> accepted) {
    Set<String> known = new LinkedHashSet<>(accepted);
    known.addAll(block.taken());
    for (ConfigNode child : block.children()) {
      if (!accepted.contains(child.key())) {
        fail(
            child,
            known.isEmpty()
                ? "unknown key; no keys are accepted here"
                : "unknown key; accepted keys: "
                    + String.join(", ", known)
                    + Names.suggestion(child.key(), known));
      }
    }
  }

  /// What stands at the key of a component, in the words of an error message.
  static String expected(Component component) {
    return expected(component, component.type());
  }

  private static String expected(Component component, Type type) {
    if (type instanceof ParameterizedType generic) {
      Type[] of = generic.getActualTypeArguments();
      Type inner = of[of.length - 1];
      if (generic.getRawType() == Located.class) {
        return expected(component, inner);
      }
      String container = generic.getRawType() == List.class ? "a list" : "a block of named entries";
      return inner instanceof Class<?> plain && Scalar.isScalar(plain)
          ? container + ", each " + expected(component, inner)
          : container;
    }
    if (component.rest()) {
      return "the name of a plug-in";
    }
    if (type == PluginBlock.class) {
      return "a plug-in's name or one block with that name";
    }
    Class<?> plain = (Class<?>) type;
    return plain.isRecord() ? "a block" : new Scalar(plain, component.declared()).expected();
  }

  private @Nullable Object missing(ConfigNode block, String key, String expected) {
    return fail(block, "missing key \"" + key + "\", expected " + expected);
  }

  private @Nullable Object mismatch(ConfigNode node, String expected) {
    return fail(node, "expected " + expected + ", got " + node.shown());
  }

  private @Nullable Object fail(ConfigNode node, String message) {
    errors.add(new ConfigError(node.origin(), node.path(), message));
    return null;
  }

  private static IllegalArgumentException unsupported(Component component) {
    return new IllegalArgumentException(
        component.declared().getDeclaringRecord().getName()
            + "."
            + component.declared().getName()
            + ": configuration records cannot hold a "
            + component.type().getTypeName());
  }
}
