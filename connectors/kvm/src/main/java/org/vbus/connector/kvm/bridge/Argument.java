package org.vbus.connector.kvm.bridge;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MemoryRegion;

/// A block of guest memory that a call names. It is read once: what was checked is what is used,
/// whatever another processor of the guest writes there meanwhile. Results are written back to the
/// guest.
final class Argument {
  private final MemorySegment segment;
  private final long off;
  private final ByteBuffer copy;

  private Argument(MemorySegment segment, long off, byte[] bytes) {
    this.segment = segment;
    this.off = off;
    this.copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Reads the `len` bytes at `gpa`, which have to be `size`.
  static Argument read(GuestMemory memory, long gpa, int len, int size) throws Refusal {
    if (len != size) {
      throw new Refusal(
          BridgeAbi.EINVAL,
          "argument of " + Integer.toUnsignedString(len) + " bytes, not of " + size);
    }
    byte[] bytes = new byte[size];
    if (size == 0) {
      return new Argument(MemorySegment.NULL, 0, bytes);
    }
    MemoryRegion region = find(memory, gpa, size);
    long off = region.offset(gpa);
    MemorySegment.copy(region.segment(), ValueLayout.JAVA_BYTE, off, bytes, 0, size);
    return new Argument(region.segment(), off, bytes);
  }

  /// The region of guest memory that holds all of `[gpa, gpa + len)`.
  static MemoryRegion find(GuestMemory memory, long gpa, long len) throws Refusal {
    MemoryRegion region = memory.find(gpa, len);
    if (region == null) {
      throw new Refusal(
          BridgeAbi.EFAULT,
          len + " bytes at 0x" + Long.toHexString(gpa) + " are not in guest memory");
    }
    return region;
  }

  int u32(int at) {
    return copy.getInt(at);
  }

  long u64(int at) {
    return copy.getLong(at);
  }

  void put32(int at, int value) {
    segment.set(LittleEndian.INT_ANY, off + at, value);
  }

  void put64(int at, long value) {
    segment.set(LittleEndian.LONG_ANY, off + at, value);
  }
}
