package org.vbus.core.loop;

import java.time.Duration;

/// What a loop does when a pass found no work: spin for a while, then sleep until woken.
///
/// @param spin how long to keep polling after the last work before sleeping; a spinning loop needs
///   no wake and no kick, a sleeping one costs nothing
public record Idle(Duration spin) {
  /// Spins for 50 microseconds: longer than a wake-up takes, too short to matter for a quiet
  /// machine.
  public static final Idle ADAPTIVE = new Idle(Duration.ofNanos(50_000));

  /// Never sleeps.
  public static final Idle BUSY = new Idle(Duration.ofDays(36500));

  /// Sleeps as soon as there is nothing to do.
  public static final Idle BLOCK = new Idle(Duration.ZERO);

  /// Checks the duration.
  public Idle {
    if (spin.isNegative()) {
      throw new IllegalArgumentException("idle spin must not be negative: " + spin);
    }
  }
}
