package org.vbus.core.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MemoryRegion;

/// One request of the guest: validated pieces of its memory, first those the device reads, then
/// those it writes.
///
/// A reused cursor that [VirtQueue#peek(Chain)] fills; nothing here allocates in the steady state.
/// A *piece* is contiguous memory; it is usually one descriptor, but a descriptor that crosses into
/// an adjacent region makes two, so nothing may be concluded from where pieces begin (2.7.4.1):
/// headers are read through the chain, with [#readByte(int)] and its like, never from "the first
/// piece".
///
/// Used by one thread, the owner of its queue. The guest may change the bytes at any time: read a
/// field once, check the copy.
public final class Chain {
  private static final int FIRST_CAPACITY = 16;

  private MemorySegment[] segments = new MemorySegment[FIRST_CAPACITY];
  private long[] offsets = new long[FIRST_CAPACITY];
  private int[] lengths = new int[FIRST_CAPACITY];
  private int pieces;
  private int readablePieces;
  private int readable;
  private int writable;
  int head;

  /// Descriptors it takes in the ring; packed rings only.
  int descriptors;

  /// Its place in the order of taking; IN_ORDER only.
  int ticket;

  State state = State.FREE;

  /// Where a chain is between the ring and the device.
  enum State {
    FREE,
    PEEKED,
    HELD
  }

  /// An empty cursor.
  public Chain() {}

  void clear(int newHead) {
    head = newHead;
    pieces = 0;
    readablePieces = 0;
    readable = 0;
    writable = 0;
  }

  /// Adds contiguous memory; false when the sum of lengths leaves `int`.
  @SuppressWarnings("MemorySegmentReferenceEquality") // another object of the same memory is stored
  boolean add(MemoryRegion region, long gpa, int len, boolean write) {
    int i = pieces;
    if (i == lengths.length) {
      grow();
    }
    MemorySegment segment = region.segment();
    // Nearly always what is there already: a load is cheaper than a store of a reference.
    if (segments[i] != segment) {
      segments[i] = segment;
    }
    offsets[i] = region.offset(gpa);
    lengths[i] = len;
    pieces = i + 1;
    if (write) {
      writable += len;
      return writable >= 0;
    }
    readablePieces = i + 1;
    readable += len;
    return readable >= 0;
  }

  /// Makes the chain one piece that was peeked at.
  @SuppressWarnings("MemorySegmentReferenceEquality") // another object of the same memory is stored
  void single(int newHead, MemoryRegion region, long gpa, int len, boolean write) {
    MemorySegment segment = region.segment();
    if (segments[0] != segment) {
      segments[0] = segment;
    }
    offsets[0] = region.offset(gpa);
    lengths[0] = len;
    head = newHead;
    pieces = 1;
    readablePieces = write ? 0 : 1;
    readable = write ? 0 : len;
    writable = write ? len : 0;
    state = State.PEEKED;
  }

  private void grow() {
    int capacity = lengths.length * 2;
    segments = Arrays.copyOf(segments, capacity);
    offsets = Arrays.copyOf(offsets, capacity);
    lengths = Arrays.copyOf(lengths, capacity);
  }

  /// The name the guest knows the chain by: the index of its first descriptor, or its buffer id in
  /// a packed ring.
  public int head() {
    return head;
  }

  /// Bytes the device may read.
  public int readable() {
    return readable;
  }

  /// Bytes the device may write.
  public int writable() {
    return writable;
  }

  /// Pieces, readable ones first.
  public int pieces() {
    return pieces;
  }

  /// How many of [#pieces()] are device-readable.
  public int readablePieces() {
    return readablePieces;
  }

  /// Memory that piece `i` lies in.
  public MemorySegment segment(int i) {
    return segments[i];
  }

  /// Offset of piece `i` in its segment.
  public long offset(int i) {
    return offsets[i];
  }

  /// Bytes of piece `i`.
  public int length(int i) {
    return lengths[i];
  }

  /// Byte `at` of the readable part, 0 to 255.
  public int readByte(int at) {
    Objects.checkIndex(at, readable);
    int i = 0;
    for (; at >= lengths[i]; i++) {
      at -= lengths[i];
    }
    return segments[i].get(ValueLayout.JAVA_BYTE, offsets[i] + at) & 0xff;
  }

  /// Little-endian 16-bit field at byte `at` of the readable part.
  public int readShort(int at) {
    if (readablePieces > 0 && at >= 0 && at <= lengths[0] - 2) {
      return segments[0].get(LittleEndian.SHORT_ANY, offsets[0] + at) & 0xffff;
    }
    return readByte(at) | readByte(at + 1) << 8;
  }

  /// Little-endian 32-bit field at byte `at` of the readable part.
  public int readInt(int at) {
    if (readablePieces > 0 && at >= 0 && at <= lengths[0] - 4) {
      return segments[0].get(LittleEndian.INT_ANY, offsets[0] + at);
    }
    return readShort(at) | readShort(at + 2) << 16;
  }

  /// Little-endian 64-bit field at byte `at` of the readable part.
  public long readLong(int at) {
    if (readablePieces > 0 && at >= 0 && at <= lengths[0] - 8) {
      return segments[0].get(LittleEndian.LONG_ANY, offsets[0] + at);
    }
    return (readInt(at) & 0xffffffffL) | (long) readInt(at + 4) << 32;
  }

  /// A negative position would reach memory before the first piece.
  private static void checkStart(int at) {
    if (at < 0) {
      throw new IndexOutOfBoundsException("byte " + at + " of a chain");
    }
  }

  /// Copies `len` bytes from byte `at` of the readable part.
  ///
  /// @return bytes copied, less than `len` where the chain ends
  public int read(int at, MemorySegment to, long toOffset, int len) {
    checkStart(at);
    int done = 0;
    for (int i = 0; i < readablePieces && done < len; i++) {
      int n = lengths[i];
      if (at >= n) {
        at -= n;
        continue;
      }
      int take = Math.min(n - at, len - done);
      MemorySegment.copy(segments[i], offsets[i] + at, to, toOffset + done, take);
      done += take;
      at = 0;
    }
    return done;
  }

  /// Copies `len` bytes to byte `at` of the writable part.
  ///
  /// @return bytes copied, less than `len` where the chain ends
  public int write(int at, MemorySegment from, long fromOffset, int len) {
    checkStart(at);
    int done = 0;
    for (int i = readablePieces; i < pieces && done < len; i++) {
      int n = lengths[i];
      if (at >= n) {
        at -= n;
        continue;
      }
      int take = Math.min(n - at, len - done);
      MemorySegment.copy(from, fromOffset + done, segments[i], offsets[i] + at, take);
      done += take;
      at = 0;
    }
    return done;
  }

  /// Sets byte `at` of the writable part.
  public void writeByte(int at, int value) {
    Objects.checkIndex(at, writable);
    int i = readablePieces;
    for (; at >= lengths[i]; i++) {
      at -= lengths[i];
    }
    segments[i].set(ValueLayout.JAVA_BYTE, offsets[i] + at, (byte) value);
  }
}
