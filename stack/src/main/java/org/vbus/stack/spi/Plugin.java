package org.vbus.stack.spi;

/// Something a configuration can name: a connector, a device model, a kind of switch. Found with
/// [java.util.ServiceLoader], so that others can add their own.
///
/// @param <C> the record its block is bound to: public, in a package exported to `org.vbus.stack`
public interface Plugin<C extends Record> {
  /// The name in the configuration.
  String name();

  /// The type of the record, whose components are the block's keys.
  Class<C> configType();
}
