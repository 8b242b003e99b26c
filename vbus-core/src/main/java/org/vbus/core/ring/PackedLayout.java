package org.vbus.core.ring;

/// Byte layout of a packed virtqueue of `size` descriptors (2.8.10.1, 2.8.13, 2.8.14); all fields
/// little-endian.
///
/// ```
/// descriptor ring (align 16)      event suppression, one per side (align 4)
/// 0  le64 addr                    0  le16 desc   bits 0-14 offset, bit 15 wrap counter
/// 8  le32 len                     2  le16 flags  bits 0-1
/// 12 le16 id
/// 14 le16 flags    x size
/// ```
public final class PackedLayout {
  /// Largest queue size (2.8): an offset has 15 bits.
  public static final int MAX_SIZE = 32768;

  /// Bytes of one descriptor.
  public static final int DESC_SIZE = 16;

  /// Descriptor: address of the buffer.
  public static final int DESC_ADDR = 0;

  /// Descriptor: len, id and flags, read together as one 64-bit word.
  public static final int DESC_LEN_ID_FLAGS = 8;

  /// Descriptor: buffer id.
  public static final int DESC_ID = 12;

  /// Descriptor: flags.
  public static final int DESC_FLAGS = 14;

  /// Descriptor flag: the list continues in the next descriptor.
  public static final int F_NEXT = 1;

  /// Descriptor flag: device-writable; of a used one, that the device has written something.
  public static final int F_WRITE = 2;

  /// Descriptor flag: the buffer is a table of descriptors.
  public static final int F_INDIRECT = 4;

  /// Descriptor flag: the driver's wrap counter, when it made the descriptor available.
  public static final int F_AVAIL = 1 << 7;

  /// Descriptor flag: the device's wrap counter, when it used the descriptor, else the inverse of
  /// [#F_AVAIL].
  public static final int F_USED = 1 << 15;

  /// The two bits that tell whose the descriptor is.
  public static final int F_OWNER = F_AVAIL | F_USED;

  /// Event suppression: bytes of the structure, read and written as one 32-bit word.
  public static final int EVENT_SIZE = 4;

  /// Event suppression, flags: events wanted.
  public static final int EVENT_ENABLE = 0;

  /// Event suppression, flags: no events wanted.
  public static final int EVENT_DISABLE = 1;

  /// Event suppression, flags: an event wanted when the descriptor in `desc` changes; EVENT_IDX
  /// only.
  public static final int EVENT_DESC = 2;

  /// Required alignment of the descriptor ring (2.8.10.1).
  public static final int DESC_ALIGN = 16;

  /// Required alignment of both event suppression structures.
  public static final int EVENT_ALIGN = 4;

  private PackedLayout() {}

  /// Whether `size` is a legal queue size: 1 to 32768, not only powers of two.
  public static boolean isLegalSize(int size) {
    return size > 0 && size <= MAX_SIZE;
  }

  /// Bytes of the descriptor ring.
  public static int descBytes(int size) {
    return DESC_SIZE * size;
  }

  /// Offset of the descriptor in `slot` of the ring.
  public static long descriptor(int slot) {
    return (long) slot * DESC_SIZE;
  }

  /// Event suppression structure as one word.
  ///
  /// @param place a place as [PackedIndex#encoded(int, int)] writes it
  public static int event(int flags, int place) {
    return flags << 16 | place;
  }

  /// Flags of an event suppression structure.
  public static int eventFlags(int event) {
    return event >>> 16 & 3;
  }

  /// Place in an event suppression structure.
  public static int eventPlace(int event) {
    return event & 0xffff;
  }
}
