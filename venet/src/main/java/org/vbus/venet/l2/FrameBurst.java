package org.vbus.venet.l2;

import java.lang.foreign.MemorySegment;

/// Frames that go through a switch together: each is one piece of the same memory, has an Ethernet
/// header and nothing left to be done to it.
///
/// A reused cursor of columns, for the same reason as [org.vbus.core.ring.Batch]; [#frame(int)]
/// shows one of them as any other [Frame]. As there, headers are read from memory once, when the
/// frame is added. One thread at a time.
public final class FrameBurst {
  private final long[] offsets;
  private final int[] lengths;
  private final long[] destinationWords;
  private final long[] sourceWords;
  private final Frame shown = new Frame(1);
  private MemorySegment segment = MemorySegment.NULL;
  private int count;

  /// A burst of at most `capacity` frames.
  public FrameBurst(int capacity) {
    offsets = new long[capacity];
    lengths = new int[capacity];
    destinationWords = new long[capacity];
    sourceWords = new long[capacity];
  }

  /// Forgets all frames; those to come lie in `memory`.
  @SuppressWarnings("MemorySegmentReferenceEquality") // another object of the same memory is stored
  public void begin(MemorySegment memory) {
    if (segment != memory) {
      segment = memory;
    }
    count = 0;
  }

  /// Appends the `len` bytes at `off`, at least [Frame#HEADER_LENGTH], and reads their header.
  public void add(long off, int len) {
    int i = count;
    offsets[i] = off;
    lengths[i] = len;
    destinationWords[i] = segment.get(Frame.BE_LONG, off + Frame.DESTINATION);
    sourceWords[i] = segment.get(Frame.BE_LONG, off + Frame.SOURCE);
    count = i + 1;
  }

  /// How many frames there are.
  public int count() {
    return count;
  }

  /// The memory that all frames lie in.
  public MemorySegment segment() {
    return segment;
  }

  /// Where frame `i` begins in [#segment()].
  public long offset(int i) {
    return offsets[i];
  }

  /// Bytes of frame `i`.
  public int length(int i) {
    return lengths[i];
  }

  /// The destination MAC address of frame `i`.
  public long destination(int i) {
    return destinationWords[i] >>> 16;
  }

  /// The source MAC address of frame `i`.
  public long source(int i) {
    return sourceWords[i] >>> 16;
  }

  /// The EtherType of frame `i`.
  public int etherType(int i) {
    return (int) sourceWords[i] & 0xffff;
  }

  /// Bytes of the frames from `from` to `to - 1`.
  public long bytes(int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += lengths[i];
    }
    return sum;
  }

  /// Frame `i`, until this is asked for another.
  public Frame frame(int i) {
    shown.set(segment, offsets[i], lengths[i], destinationWords[i], sourceWords[i]);
    return shown;
  }
}
