package org.vbus.venet.l2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Memory of our own for a copy of one frame, reused for the next: allocates on the first frame and
/// when one is longer than any before, to the next power of two from 2 KiB to 32 KiB and to whole
/// pages beyond. One thread at a time.
public final class FrameBuffer {
  private static final int MIN_CAPACITY = 2048;

  /// From here on powers of two waste too much.
  private static final int PAGES = 1 << 15;

  private static final int PAGE = 1 << 12;

  private final Frame frame = new Frame(1);
  private @Nullable ByteBuf buffer;
  private MemorySegment segment = MemorySegment.NULL;

  /// A buffer without memory.
  public FrameBuffer() {}

  /// Replaces the content by the first `maxLength` bytes of `source`, or by all if it is shorter.
  public void copyOf(Frame source, int maxLength) {
    frame.reset();
    int length = Math.min(source.length(), maxLength);
    if (length > segment.byteSize()) {
      grow(length);
    }
    source.copyTo(0, segment, 0, length);
    frame.add(segment, 0, length);
    frame.offload(source.offload());
  }

  /// The copy; empty before the first and after [#release].
  public Frame frame() {
    return frame;
  }

  /// Whether there is memory to release.
  public boolean isAllocated() {
    return buffer != null;
  }

  /// Gives the memory back. The buffer may be used again, and allocates again.
  public void release() {
    frame.reset();
    segment = MemorySegment.NULL;
    ByteBuf released = buffer;
    if (released != null) {
      buffer = null;
      released.release();
    }
  }

  private void grow(int length) {
    release();
    int capacity =
        length <= MIN_CAPACITY
            ? MIN_CAPACITY
            : length <= PAGES
                ? Integer.highestOneBit(length - 1) << 1
                : Math.ceilDiv(length, PAGE) * PAGE;
    ByteBuf grown = PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
    buffer = grown;
    // Once per allocation: a view made per frame would be garbage per frame.
    segment = MemorySegment.ofBuffer(grown.nioBuffer(0, capacity));
  }
}
