package org.vbus.proxy.driver;

import org.vbus.core.ring.VirtQueue;

/// How a driver reaches one device, whatever carries it: virtio over vbus, a vhost-user front-end,
/// a test.
///
/// Used by the guest's thread.
public interface VirtioTransport {
  /// Device id of chapter 5, 0 when the device is gone.
  int deviceId();

  /// Name of the device's place, for messages.
  String name();

  /// Offered features.
  long deviceFeatures();

  /// Writes the accepted features.
  void driverFeatures(long features);

  /// The status field.
  int status();

  /// Writes the status field; 0 resets.
  void status(int value);

  /// A configuration field of `size` bytes.
  long config(int offset, int size);

  /// Changes with the configuration.
  int configGeneration();

  /// Most entries of a queue, 0 when it does not exist.
  int maxQueueSize(int queue);

  /// Places and enables a queue; `handler` hears its used buffer notifications, with the priority
  /// `level`.
  void enableQueue(int queue, VirtQueue.Addresses at, int level, Runnable handler);

  /// Resets one queue (2.6.1): when this returns the device touches no memory for it any more, and
  /// [#enableQueue] may place it anew. Only where RING_RESET was negotiated.
  ///
  /// @throws org.vbus.proxy.guest.DriverException when the reset does not end
  default void resetQueue(int queue) {
    throw new UnsupportedOperationException(name() + " resets no single queue");
  }

  /// Sets who hears configuration changes.
  void onConfigChange(Runnable handler);

  /// Sends an available buffer notification.
  void kick(int queue);

  /// Gives back the handlers.
  void release();
}
