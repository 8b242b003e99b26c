package org.vbus.bench.peers;

import java.time.Duration;
import org.vbus.bench.BenchFailure;

/// Doing nothing for a while.
public final class Pause {
  private Pause() {}

  /// Sleeps.
  ///
  /// @throws BenchFailure when interrupted
  public static void of(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailure("interrupted", e);
    }
  }
}
