package org.vbus.stack.spi;

import org.vbus.core.bus.Bus;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;

/// Makes the connector of one bus when the stack starts.
public interface ConnectorFactory {
  /// A connector that carries `bus` to its guest, not yet started.
  ///
  /// @throws java.io.IOException when the environment lacks something; the message says what to do
  HostConnector open(Bus bus, LoopMap loops, SignalPolicy policy) throws java.io.IOException;
}
