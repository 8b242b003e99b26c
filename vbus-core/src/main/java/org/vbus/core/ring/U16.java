package org.vbus.core.ring;

/// Arithmetic of the free-running 16-bit indexes of a virtqueue, held in `int`s from 0 to 65535.
public final class U16 {
  private U16() {}

  /// The 16 bits of a field as a number from 0 to 65535.
  public static int of(short raw) {
    return raw & 0xffff;
  }

  /// `a + n`, wrapping.
  public static int add(int a, int n) {
    return (a + n) & 0xffff;
  }

  /// How far `to` is ahead of `from`, 0 to 65535.
  public static int distance(int from, int to) {
    return (to - from) & 0xffff;
  }

  /// Whether moving an index from `old` to `now` passed `event`, that is whether entry `event` was
  /// among those written: the rule of 2.7.7.2 and 2.7.10.1 for both directions.
  public static boolean passed(int event, int now, int old) {
    return distance(event, now) - 1 < distance(old, now) && event != now;
  }
}
