package org.vbus.core.connector;

/// South half of a connector: carries one bus to one guest, over one boundary.
///
/// A connector moves register accesses and kicks south, interrupts north, and provides the guest's
/// memory. It never learns what a queue means: it hands all of that to a
/// [org.vbus.core.bus.BusEndpoint].
public interface HostConnector extends AutoCloseable {
  /// Starts to serve the bus; devices plugged later are served too.
  void start();

  /// Detaches the guest. When it returns no loop touches the guest's memory any more; the bus and
  /// its devices live on and can be attached again.
  @Override
  void close();
}
