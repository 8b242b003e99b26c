package org.vbus.shm;

/// What north does with events. Called by [EventConsumer#drain] on its thread; the event has left
/// the ring already. Values come from the peer: validate them.
public interface EventHandler {
  /// The source with that handle changed its memory.
  void signal(long handle);

  /// A device of that type appeared.
  void deviceAdded(long id, String type);

  /// A device went away.
  void deviceDropped(long handle);

  /// South gave up its reference to the region with that handle.
  void signalClosed(long handle);
}
