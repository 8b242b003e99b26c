package org.vbus.shm;

/// Layout of an IOQ: a ring head followed by `count` descriptors (vbus ABI, section 5).
///
/// ```
///  0       4     8                    24             36             48      52    56
/// +-------+-----+--------------------+--------------+--------------+-------+-----+----------+--
/// | magic | ver | shm_signal_desc 16 | valid idx 12 | inuse idx 12 | count | pad | desc[0]  | ..
/// +-------+-----+--------------------+--------------+--------------+-------+-----+----------+--
///
/// idx:   0 head u32 | 4 tail u32 | 8 full u8 | 9 pad
/// desc:  0 cookie u64 | 8 ptr u64 | 16 len u64 | 24 valid u8 | 25 sown u8 | 26 pad    (32 bytes)
/// ```
public final class IoqLayout {
  /// Value of the first word.
  public static final int MAGIC = 0x47fa2fe4;

  /// Value of the second word.
  public static final int VERSION = 4;

  /// Most descriptors of one ring (the limit of the historical host).
  public static final int MAX_COUNT = 2048;

  /// Offset of the ring's signal in the region, as north registers it.
  public static final long SIGNAL_OFFSET = 8;

  /// Bytes before the first descriptor.
  public static final long HEAD_SIZE = 56;

  /// Bytes of one descriptor.
  public static final long DESC_SIZE = 32;

  static final long MAGIC_OFFSET = 0;
  static final long VERSION_OFFSET = 4;
  static final long VALID_IDX_OFFSET = 24;
  static final long INUSE_IDX_OFFSET = 36;
  static final long COUNT_OFFSET = 48;

  static final long IDX_HEAD = 0;
  static final long IDX_TAIL = 4;
  static final long IDX_FULL = 8;

  static final long DESC_COOKIE = 0;
  static final long DESC_PTR = 8;
  static final long DESC_LEN = 16;
  static final long DESC_VALID = 24;
  static final long DESC_SOWN = 25;

  private IoqLayout() {}

  /// Offset of descriptor `i` in the region.
  static long desc(int i) {
    return HEAD_SIZE + DESC_SIZE * i;
  }

  /// Bytes of a ring of `count` descriptors.
  public static long footprint(int count) {
    return desc(checkCount(count));
  }

  static int checkCount(int count) {
    if (count < 1 || count > MAX_COUNT) {
      throw new IllegalArgumentException(
          "a ring has 1 to " + MAX_COUNT + " descriptors, not " + count);
    }
    return count;
  }
}
