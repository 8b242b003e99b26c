package org.vbus.core.device;

/// Power of a network device: what whoever carries it may ask on the guest's behalf. Control
/// thread.
public interface NetworkLink {
  /// Tells the network that the station `mac` is here now, as after a migration.
  ///
  /// @return false when there is no link, or no station can have that address
  boolean announce(long mac);

  /// Sets the largest payload of a frame.
  ///
  /// @return false when it cannot be that
  boolean mtu(int mtu);
}
