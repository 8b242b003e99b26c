package org.vbus.core.ring;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.vbus.core.memory.MemoryRegion;

/// Requests of a queue that go through a device together: each is one buffer, all are in one region
/// of memory and of one direction, as nearly all of a network device are.
///
/// A reused cursor that [VirtQueue#peek(Batch, int, boolean)] fills. It holds columns and no
/// objects, so that a loop over it costs what a loop over memory does; what a [Chain] says of
/// hostile guests holds here, too. Used by one thread, the owner of its queue.
public final class Batch {
  private final int[] heads;
  private final long[] offsets;
  private final int[] lengths;
  private final int[] written;
  private MemorySegment segment = MemorySegment.NULL;
  private long base;
  private long size;
  private boolean writable;
  int count;

  /// A batch of at most `capacity` requests.
  public Batch(int capacity) {
    heads = new int[capacity];
    offsets = new long[capacity];
    lengths = new int[capacity];
    written = new int[capacity];
  }

  /// Requests it has room for.
  public int capacity() {
    return heads.length;
  }

  @SuppressWarnings("MemorySegmentReferenceEquality") // another object of the same memory is stored
  void begin(MemoryRegion region, boolean forWriting) {
    if (segment != region.segment()) {
      segment = region.segment();
    }
    base = region.base();
    size = region.size();
    writable = forWriting;
  }

  /// Whether the device is to write the requests, or to read them.
  boolean isWritable() {
    return writable;
  }

  /// Makes `len` bytes at `gpa` request `i`; false when they are not in the region, or none.
  boolean put(int i, int head, long gpa, long len) {
    long off = gpa - base;
    if (len - 1 >= Integer.MAX_VALUE || len == 0 || off < 0 || off > size - len) {
      return false;
    }
    heads[i] = head;
    offsets[i] = off;
    lengths[i] = (int) len;
    return true;
  }

  /// @throws IllegalStateException when the batch does not hold that many
  void leave(int taken) {
    if (taken > count) {
      throw new IllegalStateException(
          taken + " requests of a batch of " + count + " completed, or completed twice");
    }
    count = 0;
  }

  long gpa(int i) {
    return base + offsets[i];
  }

  int head(int i) {
    return heads[i];
  }

  int written(int i) {
    return written[i];
  }

  /// Memory that all requests lie in.
  public MemorySegment segment() {
    return segment;
  }

  /// Where request `i` begins in [#segment()].
  public long offset(int i) {
    return offsets[i];
  }

  /// Bytes of request `i`, at least 1.
  public int length(int i) {
    return lengths[i];
  }

  /// Says that the device has written the first `bytes` of request `i`. A device that does not
  /// write never says so: it is 0 at first.
  public void written(int i, int bytes) {
    written[Objects.checkIndex(i, written.length)] = bytes;
  }
}
