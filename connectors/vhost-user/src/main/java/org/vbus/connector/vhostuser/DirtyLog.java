package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.vbus.core.memory.WriteLog;
import org.vbus.linux.Fd;
import org.vbus.linux.ForeignMemory;

/// The log of a live migration: one bit per page of 4 KiB, from guest address 0 on, in memory of
/// the front-end, which takes and clears bits at any time. Setting one costs a system call, finding
/// it set does not. Any thread.
final class DirtyLog implements WriteLog, AutoCloseable {
  private static final int PAGE_SHIFT = 12;
  private static final int WORD_SHIFT = 5;
  private static final VarHandle WORD = JAVA_INT.varHandle().withInvokeExactBehavior();

  private final ForeignMemory mapping;
  private final MemorySegment words;
  private final long pages;

  /// Maps the log.
  ///
  /// @throws ProtocolException when the range is not in the file, or begins at an odd place
  DirtyLog(Fd file, long offset, long size) throws ProtocolException {
    if ((offset & 3) != 0 || size < Integer.BYTES) {
      throw new ProtocolException("SET_LOG_BASE of %d bytes at %d".formatted(size, offset));
    }
    try {
      mapping = ForeignMemory.map("dirty log", file, offset, size);
    } catch (IOException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
    words = mapping.segment();
    pages = (size & -Integer.BYTES) * Byte.SIZE;
  }

  @Override
  public void written(long gpa, long len) {
    if (gpa < 0 || len < 1) {
      return;
    }
    // [MO-VU-1] FULL FENCE. Partner: the front-end's atomic exchange of a word. Orders: the bytes
    // written, before the look at the bit: where it is set still, who takes it copies them.
    VarHandle.fullFence();
    long last = Math.min((gpa + len - 1) >>> PAGE_SHIFT, pages - 1);
    for (long page = gpa >>> PAGE_SHIFT; page <= last; page++) {
      long at = (page >>> WORD_SHIFT) * Integer.BYTES;
      int bit = (int) page & 31;
      if (((int) WORD.getOpaque(words, at) >>> bit & 1) == 0) {
        mapping.setBit(at, bit);
      }
    }
  }

  @Override
  public void close() {
    mapping.close();
  }
}
