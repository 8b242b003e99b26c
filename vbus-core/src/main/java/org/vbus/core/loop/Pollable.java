package org.vbus.core.loop;

/// A source of work that a [PollLoop] owns: a virtqueue, a tap, an inbox.
///
/// All methods run on the loop's thread. None blocks.
public interface Pollable {
  /// Does up to `budget` units of work.
  ///
  /// @return units done, 0 when there was nothing
  int poll(int budget);

  /// Asks the peer to wake the loop when there is work; the loop polls once more before it sleeps,
  /// so what arrived in between is not lost.
  default void arm() {}

  /// Tells the peer that waking is not needed: the loop is polling.
  default void disarm() {}

  /// How long the loop may sleep before it has to poll this again though nothing woke it.
  default long idleNanos() {
    return Long.MAX_VALUE;
  }
}
