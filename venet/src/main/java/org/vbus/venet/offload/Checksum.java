package org.vbus.venet.offload;

import static org.vbus.core.memory.LittleEndian.INT_ANY;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT_ANY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vbus.venet.l2.Frame;

/// The Internet checksum (RFC 1071): the ones' complement sum of 16-bit words.
///
/// Words are added as this machine reads them, little-endian, which gives the sum with its bytes
/// swapped (RFC 1071, 2 B); so [#finish] is what to store little-endian, and a number that is added
/// on its own has to be swapped: see [#word]. A sum is kept in 64 bits and folded at the end.
public final class Checksum {
  private static final long HALF = 0xffff_ffffL;

  private Checksum() {}

  /// A 16-bit number of the packet, such as a length, for adding to a sum.
  public static long word(int value) {
    return Short.reverseBytes((short) value) & 0xffff;
  }

  /// `sum` and the `len` bytes at `off`, which begin at an even place of the packet.
  public static long add(long sum, MemorySegment segment, long off, int len) {
    long at = off;
    long end = off + len;
    // The halves of a long are added separately: 2^32 of them fit.
    long low = 0;
    long high = 0;
    for (; at <= end - 32; at += 32) {
      long a = segment.get(LONG_ANY, at);
      long b = segment.get(LONG_ANY, at + 8);
      long c = segment.get(LONG_ANY, at + 16);
      long d = segment.get(LONG_ANY, at + 24);
      low += (a & HALF) + (b & HALF) + (c & HALF) + (d & HALF);
      high += (a >>> 32) + (b >>> 32) + (c >>> 32) + (d >>> 32);
    }
    for (; at <= end - 4; at += 4) {
      low += segment.get(INT_ANY, at) & HALF;
    }
    if (at <= end - 2) {
      low += segment.get(SHORT_ANY, at) & 0xffff;
      at += 2;
    }
    if (at < end) {
      low += segment.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }
    return sum + fold(low) + fold(high);
  }

  /// `sum` and the `len` bytes of the frame from `from` on, which begin at an even place of what is
  /// summed.
  public static long add(long sum, Frame frame, int from, int len) {
    long result = sum;
    int piece = 0;
    int skip = from;
    for (int left = len; left > 0; piece++) {
      int n = frame.length(piece);
      if (skip >= n) {
        skip -= n;
        continue;
      }
      int part = Math.min(n - skip, left);
      long own = add(0, frame.segment(piece), frame.offset(piece) + skip, part);
      // At an odd place the other byte of each word is meant.
      result += (len - left & 1) == 0 ? own : word(fold(own));
      left -= part;
      skip = 0;
    }
    return result;
  }

  /// The sum in 16 bits.
  public static int fold(long sum) {
    long folded = (sum & HALF) + (sum >>> 32);
    folded = (folded & 0xffff) + (folded >>> 16);
    folded = (folded & 0xffff) + (folded >>> 16);
    return (int) ((folded & 0xffff) + (folded >>> 16));
  }

  /// The checksum of what was summed, to be stored little-endian.
  public static short finish(long sum) {
    return (short) ~fold(sum);
  }

  /// The same, but never 0, which in UDP means that there is none; for every other protocol the two
  /// zeros of ones' complement are the same.
  public static short finishNonZero(long sum) {
    short value = finish(sum);
    return value == 0 ? -1 : value;
  }
}
