package org.vbus.core.device;

import org.vbus.core.loop.PollLoop;
import org.vbus.core.ring.VirtQueue;

/// What a started device may use.
public interface DeviceContext {
  /// The negotiated features.
  long features();

  /// Queue `index`. A queue the driver did not enable has no requests and cannot be completed on;
  /// see [#enabled(int)].
  VirtQueue queue(int index);

  /// Whether the driver enabled the queue.
  boolean enabled(int index);

  /// The loop that polls the queue.
  PollLoop loop(int index);

  /// Makes the queue's loop poll it soon; any thread.
  default void wake(int index) {
    loop(index).wake();
  }

  /// Tells the driver that the configuration changed; any thread.
  void configChanged();
}
