package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// On which processors the calling platform thread may run (sched_setaffinity(2)).
///
/// Two threads that wait for each other are placed on one processor by a scheduler that knows them
/// as a pair, where one of them spins in the other's way; a poll loop and its peer are better told
/// where to be.
public final class CpuAffinity {
  private static final int MASK_BYTES = 1024; // 8192 processors, the most a kernel is built for

  private CpuAffinity() {}

  /// The processors the calling thread may run on.
  public static BitSet get() throws SystemCallException {
    Linux.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      SystemCallException.check(
          "processor affinity", "sched_getaffinity", LibC.schedGetaffinity(0, mask));
      return BitSet.valueOf(mask.toArray(JAVA_BYTE));
    }
  }

  /// Restricts the calling thread to `processors`; it is on one of them when this returns.
  public static void set(BitSet processors) throws SystemCallException {
    Linux.require();
    if (processors.length() > MASK_BYTES * Byte.SIZE) {
      throw new IllegalArgumentException("there is no processor " + (processors.length() - 1));
    }
    byte[] bytes = processors.toByteArray();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      MemorySegment.copy(bytes, 0, mask, JAVA_BYTE, 0, bytes.length);
      SystemCallException.check(
          "processors " + processors, "sched_setaffinity", LibC.schedSetaffinity(0, mask));
    }
  }
}
