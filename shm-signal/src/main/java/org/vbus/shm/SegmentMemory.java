package org.vbus.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// [SharedMemory] over a native segment. Little-endian whatever the host.
final class SegmentMemory extends SharedMemory {
  private static final VarHandle U8 = ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
  private static final VarHandle LE32 =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
  private static final VarHandle LE64 =
      ValueLayout.JAVA_LONG
          .withOrder(ByteOrder.LITTLE_ENDIAN)
          .varHandle()
          .withInvokeExactBehavior();

  private final MemorySegment segment;

  private SegmentMemory(MemorySegment segment) {
    this.segment = segment;
  }

  /// Accepts `len` bytes at `off` of `segment` as the place of a shared structure.
  ///
  /// @throws IllegalArgumentException if they are outside the segment, not native or not 8-byte
  ///   aligned (ordered access needs both)
  static SegmentMemory of(MemorySegment segment, long off, long len) {
    if (off < 0 || len > segment.byteSize() || off > segment.byteSize() - len) {
      throw new IllegalArgumentException(
          len + " bytes at offset " + off + " do not fit into " + segment.byteSize() + " bytes");
    }
    if (!segment.isNative() || ((segment.address() + off) & 7) != 0) {
      throw new IllegalArgumentException(
          "offset " + off + " is not an 8-byte aligned place of a native segment");
    }
    return new SegmentMemory(segment);
  }

  @Override
  byte u8(long off) {
    return (byte) U8.getOpaque(segment, off);
  }

  @Override
  byte u8Acquire(long off) {
    return (byte) U8.getAcquire(segment, off);
  }

  @Override
  void u8(long off, byte value) {
    U8.setOpaque(segment, off, value);
  }

  @Override
  void u8Release(long off, byte value) {
    U8.setRelease(segment, off, value);
  }

  @Override
  int le32(long off) {
    return (int) LE32.getOpaque(segment, off);
  }

  @Override
  void le32(long off, int value) {
    LE32.setOpaque(segment, off, value);
  }

  @Override
  long le64(long off) {
    return (long) LE64.getOpaque(segment, off);
  }

  @Override
  void le64(long off, long value) {
    LE64.setOpaque(segment, off, value);
  }

  @Override
  void fullFence() {
    VarHandle.fullFence();
  }
}
