package org.vbus.core.device;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A named property of a device, as text: `mac`, `mtu`, `link`, `rate`.
///
/// @param name lower case
/// @param reader the present value; any thread
/// @param writer sets it or throws [IllegalArgumentException] naming the accepted values; null when
///   it is read-only
public record Attribute(String name, Supplier<String> reader, @Nullable Consumer<String> writer) {
  /// An attribute that cannot be changed.
  public static Attribute readOnly(String name, Supplier<String> reader) {
    return new Attribute(name, reader, null);
  }

  /// The present value.
  public String get() {
    return reader.get();
  }

  /// Whether [#set(String)] can succeed.
  public boolean writable() {
    return writer != null;
  }

  /// Changes the value.
  ///
  /// @throws IllegalArgumentException when it is read-only, or the value is not accepted
  public void set(String value) {
    if (writer == null) {
      throw new IllegalArgumentException("attribute " + name + " is read-only");
    }
    writer.accept(value);
  }
}
