package org.vbus.stack.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One component of a configuration record as its annotations describe it.
///
/// @param key the key in the file; for a plug-in inside its own block the key of its name
/// @param rest the component is the plug-in that gets the keys no other component has
record Component(RecordComponent declared, String key, boolean rest) {
  static List<Component> of(Class<?> record) {
    return Arrays.stream(record.getRecordComponents()).map(Component::of).toList();
  }

  private static Component of(RecordComponent declared) {
    NamedBy namedBy = declared.getAnnotation(NamedBy.class);
    if (namedBy != null && declared.getType() == PluginBlock.class) {
      return new Component(declared, namedBy.value(), true);
    }
    Key key = declared.getAnnotation(Key.class);
    String name = key != null ? key.value() : Names.kebab(declared.getName());
    return new Component(declared, name, false);
  }

  Type type() {
    return declared.getGenericType();
  }

  boolean nullable() {
    return declared.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  boolean shorthand() {
    return declared.isAnnotationPresent(Shorthand.class);
  }

  /// HOCON text, or null.
  @Nullable String defaultText() {
    Default text = declared.getAnnotation(Default.class);
    return text == null ? null : text.value();
  }

  /// The key that names the plug-ins in this component, or null when the block's only key does.
  @Nullable String namedBy() {
    NamedBy namedBy = declared.getAnnotation(NamedBy.class);
    return namedBy == null ? null : namedBy.value();
  }

  /// The plug-in that is meant when [#namedBy()] is not written, or empty.
  String namedOtherwise() {
    NamedBy namedBy = declared.getAnnotation(NamedBy.class);
    return namedBy == null ? "" : namedBy.otherwise();
  }

  /// Builds the record. An [IllegalArgumentException] of its constructor comes through.
  static Object construct(Class<?> record, @Nullable Object[] arguments) {
    Class<?>[] types =
        Arrays.stream(record.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> canonical = record.getDeclaredConstructor(types);
      return canonical.newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw refused;
      }
      throw new IllegalStateException(record.getName() + " failed to construct", e.getCause());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(
          record.getName()
              + " is not accessible: a configuration record must be public, in a package that "
              + record.getModule()
              + " exports",
          e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(record.getName() + " cannot be constructed", e);
    }
  }
}
