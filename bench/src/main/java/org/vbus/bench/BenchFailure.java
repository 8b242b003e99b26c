package org.vbus.bench;

import org.jspecify.annotations.Nullable;

/// A benchmark without a result: a run stalled, or came back with wrong bytes. The message says
/// which run.
public final class BenchFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// With the reason.
  public BenchFailure(String message) {
    this(message, null);
  }

  /// With the reason and what made it known.
  public BenchFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
