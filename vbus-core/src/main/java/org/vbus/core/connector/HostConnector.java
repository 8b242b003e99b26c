package org.vbus.core.connector;

import org.vbus.core.ledger.Tally;

/// South half of a connector: carries one bus to one guest, over one boundary.
///
/// A connector moves register accesses and kicks south, interrupts north, and provides the guest's
/// memory. It never learns what a queue means: it hands all of that to a
/// [org.vbus.core.bus.BusEndpoint].
public interface HostConnector extends AutoCloseable {
  /// Starts to serve the bus; devices plugged later are served too.
  void start();

  /// What crossed this boundary as far as the connector itself sees it: kicks, register accesses,
  /// interrupts, halts. What devices asked for is in their own tallies.
  Tally tally();

  /// Detaches the guest. When it returns no loop touches the guest's memory any more; the bus and
  /// its devices live on and can be attached again.
  @Override
  void close();
}
