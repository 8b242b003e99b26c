package org.vbus.core.device;

/// What a device author writes: buffers in, buffers out. No rings, no file descriptors, no threads
/// of its own.
///
/// `start` and `stop` run on control threads and never overlap with `poll`; `poll` of one queue
/// always runs on the loop that owns the queue, polls of different queues may run on different
/// loops at the same time. Must take any input of the guest without throwing: what is thrown from
/// `poll` breaks the queue as [org.vbus.core.ring.RingFault#DEVICE_ERROR].
///
/// Optional powers are separate interfaces a model also implements: [HasConfig], [HasAttributes].
public interface DeviceModel extends AutoCloseable {
  /// What the device is; the same for its whole life.
  DeviceSpec spec();

  /// The driver is ready (DRIVER_OK): features are negotiated, queues enabled.
  void start(DeviceContext context);

  /// Handles up to `budget` requests of `queue`; never blocks.
  ///
  /// @return requests handled, 0 when there was nothing to do
  int poll(int queue, int budget);

  /// The last poll has happened; forget the context. Called once per start.
  void stop();

  /// Unplugged for good: release what was acquired outside of a guest. After the last stop.
  @Override
  default void close() {}
}
