package org.vbus.core.device;

/// Where a device's notifications go; implemented by whoever attached it to a guest.
public interface DeviceSignals {
  /// A used buffer notification of `queue`; on the loop that owns the queue.
  ///
  /// @return whether the guest was interrupted for it; false when it is looking already, or never
  ///   is
  boolean queue(int queue);

  /// A configuration change notification; any thread.
  void config();
}
