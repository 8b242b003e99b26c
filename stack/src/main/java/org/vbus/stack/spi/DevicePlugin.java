package org.vbus.stack.spi;

import com.google.inject.Module;

/// A device model that `model = NAME` of a device chooses.
///
/// @param <C> its configuration
public interface DevicePlugin<C extends Record> extends Plugin<C> {
  /// The module that binds a device model for `device` on `bus`; see [Parts#device].
  Module module(String bus, String device, C config);
}
