package org.vbus.stack.spi;

import com.google.inject.Module;

/// A kind of switch that a block of `switches` chooses.
///
/// @param <C> its configuration
public interface SwitchPlugin<C extends Record> extends Plugin<C> {
  /// The module that binds what the switch needs, at least a [Service].
  Module module(String name, C config);
}
