package org.vbus.core.ledger;

/// Values of all events at one moment, or their change between two.
public final class Tally {
  private final long[] values;

  Tally(long[] values) {
    this.values = values;
  }

  /// All zero.
  public static Tally zero() {
    return new Tally(new long[Event.values().length]);
  }

  /// The value of one event.
  public long get(Event event) {
    return values[event.ordinal()];
  }

  /// Sum with another ledger's values.
  public Tally plus(Tally other) {
    long[] sum = values.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += other.values[i];
    }
    return new Tally(sum);
  }

  /// What happened since `earlier`.
  public Tally since(Tally earlier) {
    long[] change = values.clone();
    for (int i = 0; i < change.length; i++) {
      change[i] -= earlier.values[i];
    }
    return new Tally(change);
  }

  /// Crossings that stop the guest: kicks that trapped, interrupts, register accesses and halts.
  /// Always shown with its parts, never alone.
  public long exits() {
    return get(Event.KICKS)
        + get(Event.INTERRUPTS)
        + get(Event.REGISTER_ACCESSES)
        + get(Event.HALTS);
  }

  /// [#exits()] per completed request, 0 when there was none.
  public double exitsPerIo() {
    return perIo(exits());
  }

  /// `event` per completed request, 0 when there was none.
  public double perIo(Event event) {
    return perIo(get(event));
  }

  private double perIo(long count) {
    long ios = get(Event.IOS);
    return ios == 0 ? 0 : (double) count / ios;
  }
}
