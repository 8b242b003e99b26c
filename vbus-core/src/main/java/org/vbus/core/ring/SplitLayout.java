package org.vbus.core.ring;

/// Byte layout of a split virtqueue of `size` entries (2.7, 2.7.5, 2.7.6, 2.7.8); all fields
/// little-endian.
///
/// ```
/// descriptor table (align 16)     avail ring (align 2)           used ring (align 4)
/// 0  le64 addr                    0  le16 flags                  0  le16 flags
/// 8  le32 len                     2  le16 idx                    2  le16 idx
/// 12 le16 flags                   4  le16 ring[size]             4  {le32 id; le32 len} ring[size]
/// 14 le16 next    x size          4+2*size le16 used_event       4+8*size le16 avail_event
/// ```
public final class SplitLayout {
  /// Largest queue size (2.7).
  public static final int MAX_SIZE = 32768;

  /// Bytes of one descriptor.
  public static final int DESC_SIZE = 16;

  /// Descriptor: address of the buffer.
  public static final int DESC_ADDR = 0;

  /// Descriptor: len, flags and next, read together as one 64-bit word.
  public static final int DESC_LEN_FLAGS_NEXT = 8;

  /// Descriptor flag: the chain continues at `next`.
  public static final int F_NEXT = 1;

  /// Descriptor flag: device-writable.
  public static final int F_WRITE = 2;

  /// Descriptor flag: the buffer is a table of descriptors.
  public static final int F_INDIRECT = 4;

  /// Both rings: flags.
  public static final int FLAGS = 0;

  /// Both rings: free-running index.
  public static final int IDX = 2;

  /// Both rings: first element.
  public static final int RING = 4;

  /// avail.flags: the driver wants no used buffer notifications.
  public static final int AVAIL_F_NO_INTERRUPT = 1;

  /// used.flags: the device wants no available buffer notifications.
  public static final int USED_F_NO_NOTIFY = 1;

  /// Required alignment of the three parts (2.7, table of alignments).
  public static final int DESC_ALIGN = 16;

  /// Required alignment of the avail ring.
  public static final int AVAIL_ALIGN = 2;

  /// Required alignment of the used ring.
  public static final int USED_ALIGN = 4;

  private SplitLayout() {}

  /// Whether `size` is a legal queue size: a power of two up to 32768.
  public static boolean isLegalSize(int size) {
    return size > 0 && size <= MAX_SIZE && (size & (size - 1)) == 0;
  }

  /// Bytes of the descriptor table.
  public static int descBytes(int size) {
    return DESC_SIZE * size;
  }

  /// Bytes of the avail ring, `used_event` included.
  public static int availBytes(int size) {
    return 6 + 2 * size;
  }

  /// Bytes of the used ring, `avail_event` included.
  public static int usedBytes(int size) {
    return 6 + 8 * size;
  }

  /// Offset of the element in `slot` of the avail ring.
  public static int availElement(int slot) {
    return RING + 2 * slot;
  }

  /// Offset of the element in `slot` of the used ring: id, then len.
  public static int usedElement(int slot) {
    return RING + 8 * slot;
  }

  /// Offset of `used_event` in the avail ring.
  public static int usedEvent(int size) {
    return RING + 2 * size;
  }

  /// Offset of `avail_event` in the used ring.
  public static int availEvent(int size) {
    return RING + 8 * size;
  }
}
