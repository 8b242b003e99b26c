package org.vbus.stack;

import java.time.Duration;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.DurationRange;
import org.vbus.stack.config.Range;

/// The poll loops of a stack.
///
/// @param count number of loops
/// @param spread what is dealt to them round robin
/// @param spin how long a loop polls on without work before it sleeps
public record LoopsConfig(
    @Default("1") @Range(min = 1, max = 256) @Doc("number of loops") int count,
    @Default("device") @Doc("what is dealt to the loops round robin") Spread spread,
    @Default("50us")
        @DurationRange(min = "0s", max = "1h")
        @Doc("how long a loop polls on without work before it sleeps")
        Duration spin) {
  /// What is dealt to the loops.
  public enum Spread {
    /// All queues of a device stay together.
    DEVICE,
    /// Each queue for itself.
    QUEUE
  }

  /// One loop that spins for 50 microseconds.
  public static LoopsConfig single() {
    return new LoopsConfig(1, Spread.DEVICE, Duration.ofNanos(50_000));
  }
}
