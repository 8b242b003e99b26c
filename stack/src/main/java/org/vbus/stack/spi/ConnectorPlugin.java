package org.vbus.stack.spi;

import com.google.inject.Module;

/// A connector that `connector { NAME { ... } }` of a bus chooses.
///
/// @param <C> its configuration
public interface ConnectorPlugin<C extends Record> extends Plugin<C> {
  /// The module that binds a [ConnectorFactory] for `bus`; see [Parts#connector].
  Module module(String bus, C config);
}
