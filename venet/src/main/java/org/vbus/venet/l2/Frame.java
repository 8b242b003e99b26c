package org.vbus.venet.l2;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/// One Ethernet frame, from destination address to the end of the payload (no preamble, no frame
/// check sequence), as a list of pieces of memory: a reused cursor, not a value.
///
/// The owner calls [#reset] and [#add] and passes the frame down; it is valid until that call
/// returns, and whoever wants the bytes for longer copies them. Nothing here allocates after
/// construction. One thread at a time.
///
/// The memory may belong to a guest that changes it while we look. The header is therefore read
/// from memory once, and [#destination], [#source] and [#etherType] answer from that copy until the
/// next [#reset] or [#add]. Pieces must lie within their segments; a segment that refuses access
/// throws on reading.
public final class Frame {
  /// Pieces that a frame has room for unless the constructor says otherwise: as many as the longest
  /// list that the kernel takes in one vectored write.
  public static final int MAX_PIECES = 1024;

  /// Bytes of an Ethernet header: two addresses and the EtherType.
  public static final int HEADER_LENGTH = 14;

  static final ValueLayout.OfLong BE_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort BE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  static final int DESTINATION = 0;
  static final int SOURCE = 6;

  private static final int FIRST_CAPACITY = 8;

  private final int maxPieces;
  private MemorySegment[] segments;
  private long[] offsets;
  private int[] lengths;
  private int pieces;
  private int length;
  private long offload;

  // The eight bytes from DESTINATION and from SOURCE on, once read.
  private boolean headerRead;
  private long destinationWord;
  private long sourceWord;

  // Where the last copy ended, so that scattering over many buffers does not start at the first
  // piece each time: the index of a piece and its offset in the frame.
  private int hintPiece;
  private int hintStart;

  /// A frame of up to [#MAX_PIECES] pieces.
  public Frame() {
    this(MAX_PIECES);
  }

  /// A frame of up to `maxPieces` pieces.
  public Frame(int maxPieces) {
    this.maxPieces = maxPieces;
    int capacity = Math.min(maxPieces, FIRST_CAPACITY);
    segments = new MemorySegment[capacity];
    offsets = new long[capacity];
    lengths = new int[capacity];
  }

  private void grow() {
    int capacity = Math.min(maxPieces, lengths.length * 2);
    segments = Arrays.copyOf(segments, capacity);
    offsets = Arrays.copyOf(offsets, capacity);
    lengths = Arrays.copyOf(lengths, capacity);
  }

  /// Forgets all pieces and the offload.
  public void reset() {
    pieces = 0;
    length = 0;
    offload = Offload.NONE;
    changed();
  }

  /// Appends `len` bytes at `off` of `segment`. A piece of no bytes is accepted and not kept.
  ///
  /// @return false, with the frame unchanged, if there is no room for another piece or the frame
  ///   would exceed 2^31 - 1 bytes
  public boolean add(MemorySegment segment, long off, int len) {
    if (len <= 0) {
      return emptyPiece(len);
    }
    if (pieces == maxPieces || length + len < 0) {
      return false;
    }
    if (pieces == lengths.length) {
      grow();
    }
    put(pieces, segment, off, len);
    pieces++;
    length += len;
    changed();
    return true;
  }

  /// Makes the frame the `len` bytes at `off` of `memory` whose header was read.
  void set(MemorySegment memory, long off, int len, long destinationRead, long sourceRead) {
    put(0, memory, off, len);
    pieces = 1;
    length = len;
    offload = Offload.NONE;
    changed();
    destinationWord = destinationRead;
    sourceWord = sourceRead;
    headerRead = true;
  }

  @SuppressWarnings("MemorySegmentReferenceEquality") // another object of the same memory is stored
  private void put(int piece, MemorySegment segment, long off, int len) {
    // Nearly always what is there already: a load is cheaper than a store of a reference.
    if (segments[piece] != segment) {
      segments[piece] = segment;
    }
    offsets[piece] = off;
    lengths[piece] = len;
  }

  /// Appends `len` bytes of another frame, from `from` on: the same memory, not a copy.
  ///
  /// @return false if there is no room for all of it; what was appended so far stays
  /// @throws IndexOutOfBoundsException if the range is not within `other`
  public boolean add(Frame other, int from, int len) {
    other.checkRange(from, len);
    int piece = 0;
    int at = from;
    while (at >= other.lengths[piece] && len > 0) {
      at -= other.lengths[piece++];
    }
    for (int left = len; left > 0; piece++) {
      int part = Math.min(other.lengths[piece] - at, left);
      if (!add(other.segments[piece], other.offsets[piece] + at, part)) {
        return false;
      }
      left -= part;
      at = 0;
    }
    return true;
  }

  /// What is left to be done to the frame, see [Offload].
  public long offload() {
    return offload;
  }

  /// Says what is left to be done; forgotten with [#reset].
  public void offload(long value) {
    offload = value;
  }

  /// Bytes in all pieces.
  public int length() {
    return length;
  }

  /// The number of pieces, none of which is empty.
  public int pieces() {
    return pieces;
  }

  /// The segment that piece `i` lies in.
  public MemorySegment segment(int i) {
    return segments[i];
  }

  /// Where piece `i` begins in its segment.
  public long offset(int i) {
    return offsets[i];
  }

  /// Bytes of piece `i`.
  public int length(int i) {
    return lengths[i];
  }

  /// The destination MAC address.
  ///
  /// @throws IndexOutOfBoundsException if the frame is shorter than [#HEADER_LENGTH]; so do the
  ///   other header fields
  public long destination() {
    readHeader();
    return destinationWord >>> 16;
  }

  /// The source MAC address.
  public long source() {
    readHeader();
    return sourceWord >>> 16;
  }

  /// The EtherType, or the length in frames of IEEE 802.3; 0 to 65535.
  public int etherType() {
    readHeader();
    return (int) sourceWord & 0xFFFF;
  }

  /// Byte `at`, 0 to 255. Read from memory each time, as are the other numbers below.
  ///
  /// @throws IndexOutOfBoundsException beyond the end
  public int u8(int at) {
    Objects.checkIndex(at, length);
    int piece = 0;
    int skip = at;
    while (skip >= lengths[piece]) {
      skip -= lengths[piece++];
    }
    return segments[piece].get(BYTE, offsets[piece] + skip) & 0xff;
  }

  /// The big-endian 16-bit number at byte `at`.
  public int u16(int at) {
    if (at >= 0 && pieces > 0 && at <= lengths[0] - 2) {
      return segments[0].get(BE_SHORT, offsets[0] + at) & 0xffff;
    }
    return u8(at) << 8 | u8(at + 1);
  }

  /// The big-endian 32-bit number at byte `at`.
  public int i32(int at) {
    if (at >= 0 && pieces > 0 && at <= lengths[0] - 4) {
      return segments[0].get(BE_INT, offsets[0] + at);
    }
    return u16(at) << 16 | u16(at + 2);
  }

  /// Whether the destination is a group address, broadcast included.
  public boolean isMulticast() {
    return MacAddress.isMulticast(destination());
  }

  /// Copies the whole frame to `dst` at `dstOff`; with [MemorySegment#copy] for short frames too,
  /// which on JDK 25 takes about half the time of a loop of eight-byte loads and stores.
  public void copyTo(MemorySegment dst, long dstOff) {
    if (pieces == 1) {
      MemorySegment.copy(segments[0], offsets[0], dst, dstOff, length);
    } else {
      copyTo(0, dst, dstOff, length);
    }
  }

  /// Copies `len` bytes of the frame, from `frameOff` on, to `dst` at `dstOff`. Going through a
  /// frame in ascending order costs each piece once, however many calls it takes.
  ///
  /// @throws IndexOutOfBoundsException if the range is not within the frame
  public void copyTo(int frameOff, MemorySegment dst, long dstOff, int len) {
    checkRange(frameOff, len);
    int piece = hintPiece;
    int start = hintStart;
    if (frameOff < start) {
      piece = 0;
      start = 0;
    }
    int at = frameOff;
    int end = frameOff + len;
    while (at < end) {
      int pieceLength = lengths[piece];
      int inPiece = at - start;
      if (inPiece < pieceLength) {
        int part = Math.min(pieceLength - inPiece, end - at);
        MemorySegment.copy(
            segments[piece], offsets[piece] + inPiece, dst, dstOff + (at - frameOff), part);
        at += part;
      } else {
        start += pieceLength;
        piece++;
      }
    }
    hintPiece = piece;
    hintStart = start;
  }

  private void checkRange(int from, int len) {
    if ((from | len) < 0 || from > length - len) {
      throw new IndexOutOfBoundsException(
          "bytes " + from + " + " + len + " of a frame of " + length);
    }
  }

  private void changed() {
    headerRead = false;
    if (hintPiece != 0) {
      hintPiece = 0;
      hintStart = 0;
    }
  }

  private static boolean emptyPiece(int len) {
    if (len < 0) {
      throw new IllegalArgumentException("piece of " + len + " bytes");
    }
    return true;
  }

  private void readHeader() {
    if (headerRead) {
      return;
    }
    if (pieces > 0 && lengths[0] >= HEADER_LENGTH) {
      MemorySegment segment = segments[0];
      long off = offsets[0];
      destinationWord = segment.get(BE_LONG, off + DESTINATION);
      sourceWord = segment.get(BE_LONG, off + SOURCE);
    } else {
      gatherHeader();
    }
    headerRead = true;
  }

  /// The header straddles pieces (or is not there).
  private void gatherHeader() {
    if (length < HEADER_LENGTH) {
      throw new IndexOutOfBoundsException("header of a frame of " + length + " bytes");
    }
    long first = 0;
    long second = 0;
    int at = 0;
    for (int piece = 0; at < HEADER_LENGTH; piece++) {
      for (int i = 0; i < lengths[piece] && at < HEADER_LENGTH; i++, at++) {
        long value = segments[piece].get(BYTE, offsets[piece] + i) & 0xFF;
        if (at < Long.BYTES) {
          first = first << 8 | value;
        }
        if (at >= SOURCE) {
          second = second << 8 | value;
        }
      }
    }
    destinationWord = first;
    sourceWord = second;
  }
}
