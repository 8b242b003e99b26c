package org.vbus.connector.kvm;

/// What a kick costs: a guest may ring at the notify register of a device's window or at its kick
/// port, whichever this says.
public enum KickDelivery {
  /// The guest stops and this process is told.
  TRAPPED,
  /// The kernel signals the poll loop; the guest does not leave it.
  EVENTFD
}
