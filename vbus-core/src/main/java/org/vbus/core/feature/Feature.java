package org.vbus.core.feature;

/// Device-independent feature bits (chapter 6) as masks of a 64-bit feature set.
public enum Feature {
  /// Descriptors may refer to tables of descriptors (2.7.5.3).
  INDIRECT_DESC(28),
  /// `used_event` and `avail_event` govern notifications (2.7.7, 2.7.10).
  EVENT_IDX(29),
  /// Virtio 1.0 or later; always required here: vbus devices are not transitional.
  VERSION_1(32),
  /// Queues are packed rings instead of split ones (2.8).
  RING_PACKED(34),
  /// Buffers are used in the order in which they were made available (2.7.9, 2.8.8).
  IN_ORDER(35),
  /// A queue can be reset by itself (2.6.1).
  RING_RESET(40);

  private final int bit;

  Feature(int bit) {
    this.bit = bit;
  }

  /// Bit number.
  public int bit() {
    return bit;
  }

  /// The set of only this feature.
  public long mask() {
    return 1L << bit;
  }

  /// Whether a feature set contains this feature.
  public boolean in(long features) {
    return (features & mask()) != 0;
  }

  /// The union of some features.
  public static long setOf(Feature... features) {
    long set = 0;
    for (Feature feature : features) {
      set |= feature.mask();
    }
    return set;
  }
}
