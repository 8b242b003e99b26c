package org.vbus.stack.spi;

import com.google.inject.Module;
import java.util.List;
import org.vbus.core.connector.SignalPolicy;

/// A connector that `connector { NAME { ... } }` of a bus chooses.
///
/// @param <C> its configuration
public interface ConnectorPlugin<C extends Record> extends Plugin<C> {
  /// How signals can become interrupts over this boundary, what is meant without a word first.
  default List<SignalPolicy> policies() {
    return List.of(SignalPolicy.RING, SignalPolicy.DIRECT, SignalPolicy.POLLED);
  }

  /// The module that binds a [ConnectorFactory] for `bus`; see [Parts#connector].
  Module module(String bus, C config);
}
