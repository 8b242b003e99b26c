package org.vbus.stack.config;

import com.typesafe.config.ConfigUtil;
import java.util.Collection;

/// A value that remembers where it was written, for checks across blocks. As a component type it
/// changes nothing in the file: `@Key("switch") Located<String> switchName`.
///
/// A value that comes from its default has the origin of the block around it.
///
/// @param path the key with all blocks around it, `buses.vm1.devices.eth0.switch`
public record Located<T>(T value, Origin origin, String path) {
  /// A value that was not written in a file but given by a program, under the name `path`.
  public static <T> Located<T> of(T value, String path) {
    return new Located<>(value, new Origin("program", 0), path);
  }

  /// The one-line error for this value.
  public BadConfigException error(String message) {
    return BadConfigException.at(origin, path, message);
  }

  /// The error for a name that nothing has, with the name that was perhaps meant.
  ///
  /// @param kind what is named here, in singular: `connector`, `switch`
  public BadConfigException unknown(String kind, Collection<String> available) {
    String name = String.valueOf(value);
    return error(
        "no %s is named %s; available: %s%s"
            .formatted(
                kind,
                ConfigUtil.quoteString(name),
                available.isEmpty() ? "none" : String.join(", ", available),
                Names.suggestion(name, available)));
  }
}
