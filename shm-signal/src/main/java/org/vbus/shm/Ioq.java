package org.vbus.shm;

import static org.vbus.shm.IoqLayout.COUNT_OFFSET;
import static org.vbus.shm.IoqLayout.DESC_COOKIE;
import static org.vbus.shm.IoqLayout.DESC_LEN;
import static org.vbus.shm.IoqLayout.DESC_PTR;
import static org.vbus.shm.IoqLayout.DESC_SOWN;
import static org.vbus.shm.IoqLayout.DESC_VALID;
import static org.vbus.shm.IoqLayout.IDX_FULL;
import static org.vbus.shm.IoqLayout.IDX_HEAD;
import static org.vbus.shm.IoqLayout.IDX_TAIL;
import static org.vbus.shm.IoqLayout.MAGIC;
import static org.vbus.shm.IoqLayout.MAGIC_OFFSET;
import static org.vbus.shm.IoqLayout.SIGNAL_OFFSET;
import static org.vbus.shm.IoqLayout.VERSION;
import static org.vbus.shm.IoqLayout.VERSION_OFFSET;

import java.lang.foreign.MemorySegment;

/// One side's view of an IOQ, a ring of descriptors in north's memory whose owner byte says which
/// side may touch them (vbus ABI, section 5). Entries are moved by an [IoqIterator].
///
/// The number of descriptors is fixed when the view is made; nothing read from the ring later is
/// used as an index or an address. Not thread-safe: one thread per side.
public final class Ioq {
  final SharedMemory memory;
  final long off;
  final Locality me;
  private final int count;
  private final ShmSignal signal;

  Ioq(SharedMemory memory, long off, int count, Locality me) {
    this.memory = memory;
    this.off = off;
    this.me = me;
    this.count = count;
    this.signal = new ShmSignal(memory, off + SIGNAL_OFFSET, me);
  }

  /// North writes an empty ring: every descriptor its own, both indexes empty, both sides masked.
  ///
  /// @throws IllegalArgumentException if `count` is out of range or the ring does not fit
  public static Ioq format(MemorySegment segment, long off, int count) {
    long size = IoqLayout.footprint(count);
    SharedMemory memory = SegmentMemory.of(segment, off, size);
    memory.zero(off, size);
    memory.le32(off + MAGIC_OFFSET, MAGIC);
    memory.le32(off + VERSION_OFFSET, VERSION);
    memory.le32(off + COUNT_OFFSET, count);
    ShmSignal.format(memory, off + SIGNAL_OFFSET);
    return new Ioq(memory, off, count, Locality.NORTH);
  }

  /// Either side takes up a ring that north has formatted and registered with `count` descriptors.
  ///
  /// @throws IllegalArgumentException if magic, version or count do not match or the ring does not
  ///   fit
  public static Ioq open(MemorySegment segment, long off, int count, Locality me) {
    SharedMemory memory = SegmentMemory.of(segment, off, IoqLayout.footprint(count));
    check("magic", memory.le32(off + MAGIC_OFFSET), MAGIC);
    check("version", memory.le32(off + VERSION_OFFSET), VERSION);
    check("count", memory.le32(off + COUNT_OFFSET), count);
    Ioq ioq = new Ioq(memory, off, count, me);
    if (!ioq.signal.valid()) {
      throw new IllegalArgumentException("the ring's signal has a wrong magic or version");
    }
    return ioq;
  }

  private static void check(String what, int actual, int expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          String.format("ring %s is 0x%x, expected 0x%x", what, actual, expected));
    }
  }

  /// An iterator at position 0; `options` is a sum of the constants of [IoqIterator].
  public IoqIterator iterator(IoqIndex index, int options) {
    return new IoqIterator(this, index, options);
  }

  /// Number of descriptors.
  public int count() {
    return count;
  }

  /// The signal in the ring head.
  public ShmSignal signal() {
    return signal;
  }

  /// Entries on an index (for *both*: on valid), as its shared fields say; of information only.
  public int entries(IoqIndex index) {
    int head = head(index);
    int tail = tail(index);
    if (head == tail) {
      return full(index) ? count : 0;
    }
    return tail > head ? tail - head : tail - head + count;
  }

  /// North's private word of descriptor `i`.
  public long cookie(int i) {
    return memory.le64(desc(i) + DESC_COOKIE);
  }

  /// Address of the buffer of descriptor `i`, in the terms of the device: hostile until validated.
  public long ptr(int i) {
    return memory.le64(desc(i) + DESC_PTR);
  }

  /// Bytes of the buffer, or of the data in it, of descriptor `i`: hostile until validated.
  public long len(int i) {
    return memory.le64(desc(i) + DESC_LEN);
  }

  /// Sets the length of descriptor `i`, which this side must own.
  public void len(int i, long bytes) {
    memory.le64(desc(i) + DESC_LEN, bytes);
  }

  /// Whether descriptor `i` carries a buffer.
  public boolean valid(int i) {
    return memory.u8(desc(i) + DESC_VALID) != 0;
  }

  /// Marks descriptor `i`, which this side must own, as carrying a buffer or not.
  public void valid(int i, boolean valid) {
    memory.u8(desc(i) + DESC_VALID, (byte) (valid ? 1 : 0));
  }

  /// Puts a buffer into descriptor `i`, which this side must own.
  public void buffer(int i, long cookie, long ptr, long len) {
    long desc = desc(i);
    memory.le64(desc + DESC_COOKIE, cookie);
    memory.le64(desc + DESC_PTR, ptr);
    memory.le64(desc + DESC_LEN, len);
    memory.u8(desc + DESC_VALID, (byte) 1);
  }

  /// Whether this side owns descriptor `i` and so may read and write it and its buffer.
  public boolean owned(int i) {
    // [MO-IOQ-2] ACQUIRE desc.sown. Partner: MO-IOQ-1 of the other side. Orders: the owner byte,
    // before
    // every access to the descriptor and its buffer.
    return memory.u8Acquire(desc(i) + DESC_SOWN) == me.value();
  }

  /// Hands descriptor `i` to the peer.
  void handOver(int i) {
    // [MO-IOQ-1] RELEASE desc.sown. Partner: MO-IOQ-2. Orders: index, descriptor and buffer (and,
    // for a
    // signal's event, its pending = 1), before the owner byte.
    memory.u8Release(desc(i) + DESC_SOWN, me.peer().value());
  }

  int head(IoqIndex index) {
    return memory.le32(off + index.offset + IDX_HEAD);
  }

  void head(IoqIndex index, int position) {
    memory.le32(off + index.offset + IDX_HEAD, position);
  }

  int tail(IoqIndex index) {
    return memory.le32(off + index.offset + IDX_TAIL);
  }

  void tail(IoqIndex index, int position) {
    memory.le32(off + index.offset + IDX_TAIL, position);
  }

  boolean full(IoqIndex index) {
    return memory.u8(off + index.offset + IDX_FULL) != 0;
  }

  void full(IoqIndex index, boolean full) {
    memory.u8(off + index.offset + IDX_FULL, (byte) (full ? 1 : 0));
  }

  private long desc(int i) {
    return off + IoqLayout.desc(i);
  }
}
