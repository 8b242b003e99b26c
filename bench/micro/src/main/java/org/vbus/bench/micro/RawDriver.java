package org.vbus.bench.micro;

import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import org.vbus.core.ring.PackedIndex;
import org.vbus.core.ring.PackedLayout;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.GuestHeap;

/// The least that makes chains available, so that a benchmark measures the device half: every entry
/// of the ring is a chain of one device-readable buffer, offered again and again in order. A split
/// ring takes one store per burst for that, a packed one a store per chain. It never looks at what
/// the device has used.
abstract class RawDriver {
  final int size;
  final MemorySegment memory;

  private RawDriver(int size, MemorySegment memory) {
    this.size = size;
    this.memory = memory;
  }

  /// A queue of `size` chains of `len` bytes.
  static RawDriver create(Format format, int size, int len, GuestHeap heap) {
    long buffers = heap.allocate((long) size * len, 64);
    return switch (format) {
      case SPLIT -> new Split(size, len, buffers, heap);
      case PACKED -> new Packed(size, len, buffers, heap);
    };
  }

  /// Where the parts are.
  abstract VirtQueue.Addresses addresses();

  /// Makes the next `n` chains available; the device must have used those offered there before.
  abstract void offer(int n);

  private static final class Split extends RawDriver {
    private final VirtQueue.Addresses addresses;
    private final long avail;
    private int idx;

    Split(int size, int len, long buffers, GuestHeap heap) {
      super(size, heap.memory());
      long desc = heap.allocate(SplitLayout.descBytes(size), SplitLayout.DESC_ALIGN);
      long used = heap.allocate(SplitLayout.usedBytes(size), SplitLayout.USED_ALIGN);
      avail = heap.allocate(SplitLayout.availBytes(size), SplitLayout.AVAIL_ALIGN);
      addresses = new VirtQueue.Addresses(size, heap.gpa(desc), heap.gpa(avail), heap.gpa(used));
      for (int i = 0; i < size; i++) {
        long at = desc + (long) i * SplitLayout.DESC_SIZE;
        memory.set(LONG_ANY, at + SplitLayout.DESC_ADDR, heap.gpa(buffers + (long) i * len));
        memory.set(LONG_ANY, at + SplitLayout.DESC_LEN_FLAGS_NEXT, len);
        memory.set(SHORT, avail + SplitLayout.availElement(i), (short) i);
      }
      // Notifications are wanted when the index comes round, once in 65,536 chains.
      memory.set(SHORT, avail + SplitLayout.usedEvent(size), (short) -1);
    }

    @Override
    VirtQueue.Addresses addresses() {
      return addresses;
    }

    @Override
    void offer(int n) {
      idx += n;
      LE16.setRelease(memory, avail + SplitLayout.IDX, (short) idx);
    }
  }

  private static final class Packed extends RawDriver {
    private final VirtQueue.Addresses addresses;
    private final long desc;
    private final int len;
    private int next;

    Packed(int size, int len, long buffers, GuestHeap heap) {
      super(size, heap.memory());
      this.len = len;
      long events = heap.allocate(2 * PackedLayout.EVENT_SIZE, PackedLayout.EVENT_ALIGN);
      long deviceEvent = events + PackedLayout.EVENT_SIZE;
      desc = heap.allocate(PackedLayout.descBytes(size), PackedLayout.DESC_ALIGN);
      addresses =
          new VirtQueue.Addresses(size, heap.gpa(desc), heap.gpa(events), heap.gpa(deviceEvent));
      for (int i = 0; i < size; i++) {
        long at = desc + PackedLayout.descriptor(i);
        memory.set(LONG_ANY, at + PackedLayout.DESC_ADDR, heap.gpa(buffers + (long) i * len));
      }
      memory.set(SHORT, events + 2, (short) PackedLayout.EVENT_DISABLE);
    }

    @Override
    VirtQueue.Addresses addresses() {
      return addresses;
    }

    @Override
    void offer(int n) {
      for (int i = 0; i < n; i++) {
        int slot = PackedIndex.slot(next, size);
        long word = len | (long) slot << 32 | (long) PackedIndex.available(next, size) << 48;
        memory.set(
            LONG_ANY, desc + PackedLayout.descriptor(slot) + PackedLayout.DESC_LEN_ID_FLAGS, word);
        next = PackedIndex.add(next, 1, size);
      }
    }
  }
}
