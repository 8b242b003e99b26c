package org.vbus.core.ledger;

import java.util.concurrent.atomic.AtomicLong;

/// Keeps what a guest does over and over from filling the log: of the complaints about one source
/// only the 1st, 2nd, 4th, 8th and so on are worth a line. Any thread.
public final class Repeats {
  private final AtomicLong count = new AtomicLong();

  /// None yet.
  public Repeats() {}

  /// Counts one more; whether to log it.
  public boolean worthALine() {
    return Long.bitCount(count.incrementAndGet()) == 1;
  }

  /// How many there were.
  public long count() {
    return count.get();
  }
}
