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

  /// The driver has reset the device: forget what it set by other means than features and queues.
  /// Between a stop and the next start without this the driver has changed queues only, and goes
  /// on.
  default void reset() {}

  /// Whether the device wants kicks of `queue` when it is not polling; asked after each start. A
  /// queue whose meaning depends on features answers differently from its [QueueSpec].
  default boolean kicks(int queue) {
    return spec().queues().get(queue).kicks();
  }

  /// Unplugged for good: release what was acquired outside of a guest. After the last stop.
  @Override
  default void close() {}
}
