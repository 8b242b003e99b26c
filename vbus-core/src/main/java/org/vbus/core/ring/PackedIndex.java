package org.vbus.core.ring;

/// Arithmetic of places in a packed ring (2.8.1), each with its wrap counter in one `int`: 0 to
/// `size` - 1 with counter 1, where both sides begin, then `size` to 2 `size` - 1 with counter 0.
///
/// Two rounds make one turn of these numbers, so that a full ring and an empty one differ, as they
/// do with the counters.
public final class PackedIndex {
  private static final int WRAP = 1 << 15;

  private PackedIndex() {}

  /// `n` descriptors after `place`; `n` from 0 to 2 `size`.
  public static int add(int place, int n, int size) {
    int sum = place + n;
    return sum < 2 * size ? sum : sum - 2 * size;
  }

  /// How far `to` is ahead of `from`, 0 to 2 `size` - 1.
  public static int distance(int from, int to, int size) {
    int ahead = to - from;
    return ahead < 0 ? ahead + 2 * size : ahead;
  }

  /// Which descriptor of the ring is there.
  public static int slot(int place, int size) {
    return place < size ? place : place - size;
  }

  /// What AVAIL and USED say of a descriptor that was made available there.
  public static int available(int place, int size) {
    return place < size ? PackedLayout.F_AVAIL : PackedLayout.F_USED;
  }

  /// What AVAIL and USED say of a descriptor that was used there.
  public static int used(int place, int size) {
    return place < size ? PackedLayout.F_OWNER : 0;
  }

  /// As written to shared memory and told between processes: offset in bits 0 to 14, wrap counter
  /// in bit 15.
  public static int encoded(int place, int size) {
    return place < size ? place | WRAP : place - size;
  }

  /// The place that somebody encoded, or -1 when its offset is beyond the ring.
  public static int decoded(int bits, int size) {
    int slot = bits & (WRAP - 1);
    if (slot >= size) {
      return -1;
    }
    return (bits & WRAP) != 0 ? slot : slot + size;
  }

  /// Whether moving on by `moved` descriptors to `now` passed the encoded place `event`, that is
  /// whether the descriptor there was among those written: the rule of 2.8.10 for both directions.
  /// A place that cannot be is taken for passed: one event too many does no harm.
  public static boolean passed(int event, int now, int moved, int size) {
    int place = decoded(event, size);
    if (place < 0) {
      return true;
    }
    int since = distance(place, now, size);
    return since > 0 && since <= moved;
  }
}
