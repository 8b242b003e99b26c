package org.vbus.tests.stress;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// Native memory for jcstress states. They are made by the million, so slots are recycled: there
/// are many more slots than states alive at a time.
public final class Slab {
  private static final int SLOTS = 1 << 16;

  private final MemorySegment memory;
  private final long stride;
  private final AtomicLong next = new AtomicLong();

  /// Slots of at least `bytes` each.
  public Slab(long bytes) {
    stride = (bytes + 127) & -128;
    memory = Arena.global().allocate(stride * SLOTS, 128);
  }

  /// A zeroed slot.
  public MemorySegment take() {
    long slot = next.getAndIncrement() & (SLOTS - 1);
    return memory.asSlice(slot * stride, stride).fill((byte) 0);
  }
}
