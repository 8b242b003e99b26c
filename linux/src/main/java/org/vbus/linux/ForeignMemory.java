package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A range of a file that another process gave us, mapped shared: guest memory, a dirty log.
///
/// The range must lie in the file as it is now, so that nothing outside of it is touched. A process
/// that shrinks the file later (it can, unless the file is sealed) makes an access fail: the JVM
/// turns the bus error into an `InternalError` at the access or soon after it, which costs whoever
/// used that memory its queue, not the process its life. Compare-and-set has no such protection:
/// see [#setBit(long, int)].
///
/// The segment may be used by any thread until [#close()]; closing unmaps, and whoever still used
/// it then would get an exception, never foreign memory.
public final class ForeignMemory implements AutoCloseable {
  private static final int S_IFMT = 0xf000;
  private static final int S_IFREG = 0x8000;

  // struct stat: u32 st_mode (x86-64 has it behind a longer st_nlink), i64 st_size, st_blksize
  private static final long STAT_MODE = Linux.X86_64 ? 24 : 16;
  private static final long STAT_SIZE = 48;
  private static final long STAT_BLKSIZE = 56;
  private static final long STAT_BYTES = 144;
  private static final long PAGE = 4096;

  private final Arena arena;
  private final MemorySegment segment;

  private ForeignMemory(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
  }

  /// Maps `size` bytes from `offset` of the file, readable and writable; neither needs to be a
  /// multiple of a page. The descriptor may be closed afterwards.
  ///
  /// @param what the thing the user knows, for messages
  /// @throws SystemCallException when the file is shorter than the range, or cannot be mapped
  public static ForeignMemory map(String what, Fd fd, long offset, long size)
      throws SystemCallException {
    Linux.require();
    if (offset < 0 || size < 1 || offset + size < 0 || offset + size > Long.MAX_VALUE - PAGE) {
      throw new SystemCallException(
          what, "mmap", Errno.EINVAL, size + " bytes at offset " + offset + " are no range");
    }
    long grain = PAGE;
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment stat = scratch.allocate(STAT_BYTES, 8);
      int _ = SystemCallException.check(what, "fstat", LibC.fstat(fd.number(), stat));
      if ((stat.get(JAVA_INT, STAT_MODE) & S_IFMT) == S_IFREG) {
        long length = stat.get(JAVA_LONG, STAT_SIZE);
        if (offset + size > length) {
          throw new SystemCallException(
              what,
              "mmap",
              Errno.EINVAL,
              "The file has %d bytes, the range ends at %d".formatted(length, offset + size));
        }
        // On hugetlbfs a block is a huge page, of which mappings are made.
        long block = stat.get(JAVA_INT, STAT_BLKSIZE) & 0xffffffffL;
        grain = Long.bitCount(block) == 1 ? Math.max(block, PAGE) : PAGE;
      }
    }
    long from = offset & -grain;
    long bytes = (offset + size - from + grain - 1) & -grain;
    Arena arena = Arena.ofShared();
    try {
      MemorySegment mapping = SharedMemory.map(what, fd, from, bytes, arena);
      return new ForeignMemory(arena, mapping.asSlice(offset - from, size));
    } catch (SystemCallException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The range.
  public MemorySegment segment() {
    return segment;
  }

  /// Sets bit `bit` of the 32-bit word at `offset`, a multiple of 4, in one atomic step that other
  /// processes cannot come between. Costs a system call.
  ///
  /// Only so may a word of such memory be changed atomically: a compare-and-set that the JVM does
  /// not happen to run compiled, on memory that went away, ends the process.
  ///
  /// @throws InternalError when the memory went away
  public void setBit(long offset, int bit) {
    Objects.checkIndex(bit, Integer.SIZE);
    if (LibC.setBit(segment.asSlice(offset, Integer.BYTES, Integer.BYTES), bit) < 0) {
      throw new InternalError("shared memory went away");
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
