package org.vbus.connector.kvm.guest;

/// How a guest kicks a queue.
public enum Doorbell {
  /// A write to the device's register window.
  REGISTER,
  /// `out` to the kick port of the slot.
  PORT
}
