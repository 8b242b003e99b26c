package org.vbus.stack;

import java.time.Duration;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.DurationRange;
import org.vbus.stack.config.Range;

/// Moderation of used buffer notifications: one for so many completions of a queue, or after so
/// much time, whichever comes first. Both or neither.
///
/// @param count most completions per notification
/// @param time longest time before a notification
public record CoalesceConfig(
    @Default("0")
        @Range(min = 0, max = 65535)
        @Doc("completions per notification, 0 = no moderation")
        int count,
    @Default("0s") @DurationRange(min = "0s", max = "1s") @Doc("longest time before a notification")
        Duration time) {
  /// No moderation.
  public static final CoalesceConfig NONE = new CoalesceConfig(0, Duration.ZERO);

  /// Refuses one without the other.
  public CoalesceConfig {
    if ((count == 0) != time.isZero()) {
      throw new IllegalArgumentException("coalesce needs both a count and a time, or neither");
    }
  }

  int micros() {
    return (int) (time.toNanos() / 1000);
  }
}
