package org.vbus.shm;

/// Layout of `shm_signal_desc`, the notification state of one region in shared memory (vbus ABI,
/// section 4). 16 bytes, little-endian.
///
/// ```
///  0        4        8    9    10    11   12   13    14
/// +--------+--------+----+----+-----+----+----+-----+------+
/// | magic  | ver    | en | pe | di  | en | pe | di  | pad  |
/// +--------+--------+----+----+-----+----+----+-----+------+
///                    irq[north]      irq[south]
/// ```
///
/// `irq[x]` is about notifications *to* x: `enabled` is written by x; `pending` and `dirty` are set
/// by the other side and cleared by x.
public final class ShmSignalLayout {
  /// Value of the first word.
  public static final int MAGIC = 0x58fa39df;

  /// Value of the second word.
  public static final int VERSION = 1;

  /// Bytes of one descriptor.
  public static final long SIZE = 16;

  static final long MAGIC_OFFSET = 0;
  static final long VERSION_OFFSET = 4;
  static final long IRQ_OFFSET = 8;
  static final long IRQ_SIZE = 3;

  static final long ENABLED = 0;
  static final long PENDING = 1;
  static final long DIRTY = 2;

  private ShmSignalLayout() {}

  /// Offset of the entry for notifications to `side`.
  static long irq(Locality side) {
    return IRQ_OFFSET + IRQ_SIZE * side.value();
  }
}
