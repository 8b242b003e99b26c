package org.vbus.shm;

/// Every access that the algorithms of this package make to memory shared with the peer. Production
/// has exactly one implementation, [SegmentMemory], so that calls are inlined; tests have a second
/// one that stops at each access and explores all interleavings.
///
/// Loads and stores without a suffix are *opaque*: never torn, never removed, not ordered with
/// others.
abstract class SharedMemory {
  abstract byte u8(long off);

  abstract byte u8Acquire(long off);

  abstract void u8(long off, byte value);

  abstract void u8Release(long off, byte value);

  abstract int le32(long off);

  abstract void le32(long off, int value);

  abstract long le64(long off);

  abstract void le64(long off, long value);

  /// Orders everything before it with everything after it, a store with a later load included.
  abstract void fullFence();

  /// Zeroes `len` bytes, a multiple of 8.
  final void zero(long off, long len) {
    for (long at = off; at < off + len; at += Long.BYTES) {
      le64(at, 0L);
    }
  }
}
