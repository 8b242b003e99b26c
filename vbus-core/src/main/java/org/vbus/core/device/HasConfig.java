package org.vbus.core.device;

/// Power of a device model that has a configuration space (2.5).
public interface HasConfig {
  /// The space; the same object for the life of the device.
  ConfigSpace config();

  /// The driver wrote a field. Most devices have none that is writable and ignore it.
  default void configWritten(int offset, int size, long value) {}
}
