package org.vbus.core.device;

/// Power of a device model that sometimes waits for time to pass rather than for a kick.
public interface Paced {
  /// How long the loop of `queue` may sleep now before it has to poll it again; [Long#MAX_VALUE]
  /// when only a wake matters. On that loop.
  long idleNanos(int queue);
}
