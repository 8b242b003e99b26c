package org.vbus.stack.config;

/// One fault of a configuration: where, which key (empty for the whole file), what is wrong.
public record ConfigError(Origin origin, String path, String message) {
  /// One line: `lab.conf:12: buses.vm1.devices.eth0.mtu: expected a number from 68 to 65535, got
  /// "big"`.
  @Override
  public String toString() {
    return path.isEmpty() ? origin + ": " + message : origin + ": " + path + ": " + message;
  }
}
