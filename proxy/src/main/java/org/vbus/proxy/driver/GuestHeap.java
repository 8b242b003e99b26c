package org.vbus.proxy.driver;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/// The guest's allocator of shared memory: first fit, merged on release. Not for the data path.
///
/// Used by the guest's thread only.
public final class GuestHeap {
  /// Allocations are multiples of this many bytes, so that parts of rings of different queues never
  /// share a cache line.
  public static final int GRAIN = 64;

  private final MemorySegment memory;
  private final long base;
  private final TreeMap<Long, Long> free = new TreeMap<>();
  private long inUse;

  /// All of `memory`, whose first byte is guest-physical `base`.
  public GuestHeap(MemorySegment memory, long base) {
    this.memory = memory;
    this.base = base;
    free.put(0L, memory.byteSize() & -GRAIN);
  }

  /// The memory blocks lie in.
  public MemorySegment memory() {
    return memory;
  }

  /// Guest-physical address of offset `off`.
  public long gpa(long off) {
    return base + off;
  }

  /// Bytes allocated now.
  public long inUse() {
    return inUse;
  }

  private static long rounded(long bytes) {
    return (Math.max(bytes, 1) + GRAIN - 1) & -GRAIN;
  }

  /// Allocates `bytes` zeroed bytes at a multiple of `align` (a power of two).
  ///
  /// @return offset in [#memory()]
  /// @throws OutOfMemoryError when no hole is large enough
  public long allocate(long bytes, long align) {
    long need = rounded(bytes);
    for (Map.Entry<Long, Long> hole : free.entrySet()) {
      long start = (base + hole.getKey() + align - 1) / align * align - base;
      if (start + need <= hole.getKey() + hole.getValue()) {
        return carve(hole.getKey(), hole.getValue(), start, need);
      }
    }
    throw new OutOfMemoryError(
        "guest memory of %d bytes has no room for %d more (%d in use)"
            .formatted(memory.byteSize(), bytes, inUse));
  }

  private long carve(long hole, long holeSize, long start, long need) {
    free.remove(hole);
    if (start > hole) {
      free.put(hole, start - hole);
    }
    long rest = hole + holeSize - (start + need);
    if (rest > 0) {
      free.put(start + need, rest);
    }
    inUse += need;
    memory.asSlice(start, need).fill((byte) 0);
    return start;
  }

  /// Releases what [#allocate(long, long)] returned for `bytes`.
  public void release(long off, long bytes) {
    long size = rounded(bytes);
    inUse -= size;
    Map.Entry<Long, Long> below = free.lowerEntry(off);
    if (below != null && below.getKey() + below.getValue() == off) {
      off = below.getKey();
      size += below.getValue();
    }
    Long above = free.remove(off + size);
    if (above != null) {
      size += above;
    }
    free.put(off, size);
  }
}
