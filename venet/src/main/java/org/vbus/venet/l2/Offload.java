package org.vbus.venet.l2;

/// What is left to be done to a [Frame], packed into a `long` that travels with it; 0, the usual
/// case, is a complete frame. The switch does not look at it; the port that receives the frame
/// either takes it so, when its station has agreed to do the rest, or has it done in software.
///
/// ```
///   63      62      61   60..58   57..48          47..32    31..16        15..0
///  +-------+-------+----+--------+---------------+---------+-------------+------------+
///  | valid | needs | ecn| kind   | header length | segment | checksum    | checksum   |
///  |       | sum   |    |        |               | size    | offset      | start      |
///  +-------+-------+----+--------+---------------+---------+-------------+------------+
/// ```
///
/// Whoever sets one has checked it against the frame: the checksum field lies inside, and a frame
/// to be segmented has headers that belong together ([org.vbus.venet.offload.GsoHeaders]).
public final class Offload {
  /// Nothing is left to be done and nothing is known about the checksum.
  public static final long NONE = 0;

  /// The transport checksum has been checked.
  public static final long DATA_VALID = 1L << 63;

  // Kinds: what a frame is to be cut into.

  /// Not to be cut.
  public static final int WHOLE = 0;

  /// TCP segments in IPv4.
  public static final int TCP4 = 1;

  /// TCP segments in IPv6.
  public static final int TCP6 = 2;

  /// UDP datagrams in IPv4.
  public static final int UDP4 = 3;

  /// UDP datagrams in IPv6.
  public static final int UDP6 = 4;

  // What a station accepts, a set of bits. The bit of a kind is 1 << kind.

  /// Checksums that are not complete. Segmentation needs it too.
  public static final int ACCEPTS_CHECKSUM = 1 << WHOLE;

  /// Segmentation of a TCP packet that has CWR set.
  public static final int ACCEPTS_ECN = 1 << 5;

  /// Everything.
  public static final int ACCEPTS_ALL = (1 << (UDP6 + 1)) - 1 | ACCEPTS_ECN;

  /// Longest headers, from the Ethernet header to the end of the transport header.
  public static final int MAX_HEADERS = (1 << 10) - 1;

  private static final int FIELD = 0xffff;
  private static final int CHECKSUM_OFFSET = 16;
  private static final int SEGMENT_SIZE = 32;
  private static final int HEADERS = 48;
  private static final int KIND = 58;
  private static final long ECN = 1L << 61;
  private static final long NEEDS_CHECKSUM = 1L << 62;

  private Offload() {}

  /// A frame whose checksum field, `offset` bytes after `start`, holds the sum of the pseudo header
  /// and wants the complement of the sum from `start` to the end of the frame.
  public static long checksum(int start, int offset) {
    return NEEDS_CHECKSUM | (long) offset << CHECKSUM_OFFSET | start;
  }

  /// A frame to be cut, which needs its checksum too.
  ///
  /// @param kind not [#WHOLE]
  /// @param ecn the TCP packet has CWR set
  /// @param start of the transport header, and of the checksum
  /// @param offset of the checksum in it
  /// @param headers up to the end of the transport header, at most [#MAX_HEADERS]
  /// @param segmentSize most bytes of payload per segment, 1 to 65535
  public static long segmentation(
      int kind, boolean ecn, int start, int offset, int headers, int segmentSize) {
    return checksum(start, offset)
        | (ecn ? ECN : 0)
        | (long) kind << KIND
        | (long) headers << HEADERS
        | (long) segmentSize << SEGMENT_SIZE;
  }

  /// Whether a station that accepts these bits can take the frame as it is.
  public static boolean accepted(long offload, int accepts) {
    if (!needsChecksum(offload)) {
      return true;
    }
    int needs = ACCEPTS_CHECKSUM | 1 << kind(offload) | (ecn(offload) ? ACCEPTS_ECN : 0);
    return (needs & ~accepts) == 0;
  }

  /// Whether the transport checksum is not complete.
  public static boolean needsChecksum(long offload) {
    return (offload & NEEDS_CHECKSUM) != 0;
  }

  /// Whether the transport checksum has been checked.
  public static boolean dataValid(long offload) {
    return offload < 0;
  }

  /// What the frame is to be cut into.
  public static int kind(long offload) {
    return (int) (offload >>> KIND) & 7;
  }

  /// Whether the frame is to be cut.
  public static boolean isSegmented(long offload) {
    return kind(offload) != WHOLE;
  }

  /// Whether a TCP packet to be cut has CWR set.
  public static boolean ecn(long offload) {
    return (offload & ECN) != 0;
  }

  /// Where the checksum starts.
  public static int checksumStart(long offload) {
    return (int) offload & FIELD;
  }

  /// Where the checksum is, from its start on.
  public static int checksumOffset(long offload) {
    return (int) (offload >>> CHECKSUM_OFFSET) & FIELD;
  }

  /// Most bytes of payload per segment; 0 for a frame that is not to be cut.
  public static int segmentSize(long offload) {
    return (int) (offload >>> SEGMENT_SIZE) & FIELD;
  }

  /// Bytes of all headers; 0 for a frame that is not to be cut.
  public static int headers(long offload) {
    return (int) (offload >>> HEADERS) & MAX_HEADERS;
  }

  /// Bytes of the longest frame that is made of one of `length` bytes.
  public static int longestSegment(long offload, int length) {
    return isSegmented(offload)
        ? Math.min(length, headers(offload) + segmentSize(offload))
        : length;
  }
}
