package org.vbus.tests.contract;

import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;

/// Both halves of one connector over one boundary, as the contract needs them.
public interface Boundary extends AutoCloseable {
  /// South half; not started.
  HostConnector host();

  /// North half; usable once the host half is started.
  GuestConnector guest();

  /// Closes both.
  @Override
  void close();
}
