package org.vbus.stack.config;

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
}
