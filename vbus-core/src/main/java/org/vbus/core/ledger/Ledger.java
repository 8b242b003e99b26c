package org.vbus.core.ledger;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Counters of one place where the boundary is crossed.
///
/// Each event of a ledger is counted by one thread; anybody may read, and sees a recent value. The
/// counters stand apart from what neighbours in memory write, so that the two sides of a boundary
/// do not share cache lines.
public final class Ledger {
  private static final VarHandle COUNT =
      MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
  private static final int PAD = 16;
  private static final int EVENTS = Event.values().length;

  private final long[] counts = new long[PAD + EVENTS + PAD];

  /// All zero.
  public Ledger() {}

  /// Counts `n` more; only by the one thread that counts `event` here.
  public void add(Event event, long n) {
    int at = PAD + event.ordinal();
    COUNT.setOpaque(counts, at, counts[at] + n);
  }

  /// A recent value.
  public long get(Event event) {
    return (long) COUNT.getOpaque(counts, PAD + event.ordinal());
  }

  /// Recent values of all events.
  public Tally tally() {
    long[] values = new long[EVENTS];
    for (Event event : Event.values()) {
      values[event.ordinal()] = get(event);
    }
    return new Tally(values);
  }
}
