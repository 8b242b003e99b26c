package org.vbus.shm;

/// Sizes and places of a signal table and one event ring per priority level in one block of memory.
/// Level 0 is the highest. Both sides are told the same geometry outside of the block.
///
/// ```
///  0               64-byte aligned
/// +--------------+----------+------------+----------+------------+--
/// | signal table | ring 0   | events 0   | ring 1   | events 1   | ..
/// | 16 x handles | 56+32n   | 144 x n    | 56+32n   | 144 x n    |
/// +--------------+----------+------------+----------+------------+--
/// ```
///
/// With `slots >= handles` (plus room for device events) a ring is never full for an honest north.
///
/// @param levels priority levels, 1 to 8
/// @param slots descriptors per ring
/// @param handles sources in the signal table
public record EventGeometry(int levels, int slots, int handles) {
  /// Most priority levels.
  public static final int MAX_LEVELS = 8;

  private static final long ALIGNMENT = 64;

  /// Checks the ranges.
  public EventGeometry {
    if (levels < 1 || levels > MAX_LEVELS) {
      throw new IllegalArgumentException("1 to " + MAX_LEVELS + " levels, not " + levels);
    }
    IoqLayout.checkCount(slots);
    SignalTable.footprint(handles);
  }

  /// Offset of the ring of `level` in the block.
  public long ringOffset(int level) {
    return align(SignalTable.footprint(handles)) + level * align(EventLayout.footprint(slots));
  }

  /// Offset of the events of `level` in the block.
  public long dataOffset(int level) {
    return ringOffset(level) + EventLayout.dataOffset(slots);
  }

  /// Bytes of the block.
  public long footprint() {
    return ringOffset(levels);
  }

  private static long align(long size) {
    return (size + ALIGNMENT - 1) & -ALIGNMENT;
  }
}
