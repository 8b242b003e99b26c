package org.vbus.proxy.guest;

/// A driver bound to one device.
public interface Driver {
  /// The device is gone, or the guest gives it up: release everything.
  void remove();
}
