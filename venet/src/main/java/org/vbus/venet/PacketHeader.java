package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.HEADER;
import static org.vbus.venet.VenetProtocol.MAX_GSO_FRAME;

import java.lang.foreign.MemorySegment;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.Chain;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.offload.GsoHeaders;

/// The header before each packet (5.1.9), to and from an [Offload]: what a guest wrote is checked
/// against the frame here, once. A tap has the same header.
///
/// ```
/// word   0 u8 flags   1 u8 gso_type   2 le16 hdr_len   4 le16 gso_size   6 le16 csum_start
/// tail   8 le16 csum_offset   10 le16 num_buffers
/// ```
final class PacketHeader {
  /// Not an offload: the header contradicts the frame, or wants what was not agreed upon.
  static final long INVALID = -1;

  static final int TAIL = 8;

  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int GSO_TCPV4 = 1;
  private static final int GSO_TCPV6 = 4;
  private static final int GSO_UDP_L4 = 5;
  private static final int GSO_ECN = 0x80;
  private static final int FIELD = 0xffff;
  private static final int ONE_BUFFER = 1 << 16;

  private PacketHeader() {}

  /// What a header asks for.
  ///
  /// Flags that are unknown or were not negotiated are ignored, and what lies in fields they govern
  /// (5.1.9.2.2); a packet to be segmented in a way that was not negotiated cannot be sent as it
  /// is, nor can one in a UDP tunnel.
  ///
  /// @param csumOffset the field, only read when the word says that it counts
  /// @param allowed bits of [Offload] that were negotiated
  /// @param headers to read those of the frame with
  static long decode(long word, int csumOffset, Frame frame, int allowed, GsoHeaders headers) {
    int flags = (int) word & 0xff;
    int gso = (int) (word >>> 8) & 0xff;
    if (gso != 0 && (gso != GSO_ECN || (allowed & Offload.ACCEPTS_ECN) == 0)) {
      return decodeGso(word, gso, csumOffset, frame, allowed, headers);
    }
    if ((flags & NEEDS_CSUM) == 0 || (allowed & Offload.ACCEPTS_CHECKSUM) == 0) {
      return Offload.NONE;
    }
    int start = (int) (word >>> 48);
    return start >= Frame.HEADER_LENGTH && start + csumOffset + 2 <= frame.length()
        ? Offload.checksum(start, csumOffset)
        : INVALID;
  }

  private static long decodeGso(
      long word, int gso, int csumOffset, Frame frame, int allowed, GsoHeaders headers) {
    int start = (int) (word >>> 48);
    int size = (int) (word >>> 32) & FIELD;
    if ((word & NEEDS_CSUM) == 0
        || size == 0
        || frame.length() > MAX_GSO_FRAME
        || !headers.read(frame, start)
        || csumOffset != headers.checksumOffset()
        || !names(gso & ~GSO_ECN, headers.kind())) {
      return INVALID;
    }
    int kind = headers.kind();
    boolean ecn = (gso & GSO_ECN) != 0;
    int wanted = Offload.ACCEPTS_CHECKSUM | 1 << kind | (ecn ? Offload.ACCEPTS_ECN : 0);
    if ((wanted & ~allowed) != 0 || (ecn && !headers.isTcp())) {
      return INVALID;
    }
    return Offload.segmentation(
        kind, ecn || headers.congestionWindowReduced(), start, csumOffset, headers.length(), size);
  }

  /// Whether the field says that packets of this kind are to be segmented.
  private static boolean names(int gso, int kind) {
    return switch (kind) {
      case Offload.TCP4 -> gso == GSO_TCPV4;
      case Offload.TCP6 -> gso == GSO_TCPV6;
      default -> gso == GSO_UDP_L4;
    };
  }

  /// What the kernel says of a frame that it hands over: the same, but it may have checked the
  /// checksum, which a guest is not believed.
  static long decodeTrusted(
      long word, int csumOffset, Frame frame, int allowed, GsoHeaders headers) {
    long offload = decode(word, csumOffset, frame, allowed, headers);
    return offload == Offload.NONE && (word & DATA_VALID) != 0 ? Offload.DATA_VALID : offload;
  }

  /// The first eight bytes of the header of a frame.
  static long word(long offload) {
    if (offload == Offload.NONE) {
      return 0;
    }
    if (!Offload.needsChecksum(offload)) {
      return DATA_VALID;
    }
    long word = (long) Offload.checksumStart(offload) << 48 | NEEDS_CSUM;
    if (!Offload.isSegmented(offload)) {
      return word;
    }
    int gso =
        switch (Offload.kind(offload)) {
          case Offload.TCP4 -> GSO_TCPV4;
          case Offload.TCP6 -> GSO_TCPV6;
          default -> GSO_UDP_L4;
        };
    return word
        | (gso | (Offload.ecn(offload) ? GSO_ECN : 0)) << 8
        | (long) Offload.headers(offload) << 16
        | (long) Offload.segmentSize(offload) << 32;
  }

  /// The last four bytes of the header of a frame that fills `buffers` buffers.
  static int tail(long offload, int buffers) {
    return Offload.checksumOffset(offload) | buffers << 16;
  }

  /// Writes the header of a received packet (5.1.9.4.1). Memory that holds it already is left
  /// alone.
  static void write(Chain chain, long offload, int buffers) {
    long word = word(offload);
    int tail = tail(offload, buffers);
    int first = chain.readablePieces();
    if (chain.length(first) >= HEADER) {
      MemorySegment segment = chain.segment(first);
      long off = chain.offset(first);
      if (segment.get(LittleEndian.LONG_ANY, off) != word) {
        segment.set(LittleEndian.LONG_ANY, off, word);
      }
      if (segment.get(LittleEndian.INT_ANY, off + TAIL) != tail) {
        segment.set(LittleEndian.INT_ANY, off + TAIL, tail);
      }
      return;
    }
    for (int i = 0; i < TAIL; i++) {
      chain.writeByte(i, (int) (word >>> (8 * i)));
    }
    for (int i = TAIL; i < HEADER; i++) {
      chain.writeByte(i, tail >>> (8 * (i - TAIL)));
    }
  }

  /// The same for a frame in one buffer with nothing left to be done.
  static void writePlain(MemorySegment segment, long off) {
    if (segment.get(LittleEndian.LONG_ANY, off) != 0) {
      segment.set(LittleEndian.LONG_ANY, off, 0);
    }
    if (segment.get(LittleEndian.INT_ANY, off + TAIL) != ONE_BUFFER) {
      segment.set(LittleEndian.INT_ANY, off + TAIL, ONE_BUFFER);
    }
  }
}
