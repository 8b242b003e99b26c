package org.vbus.venet.offload;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;

/// The headers of a packet that is to be cut, in a copy of our own, with what was found in them.
///
/// Understood are Ethernet with any number of tags, IPv4 with options, IPv6 with hop-by-hop and
/// destination options, TCP and UDP. A packet in fragments, or with another extension header, is
/// not one that can be cut.
///
/// One thread; nothing is allocated after construction.
public final class GsoHeaders {
  static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  static final int TCP = 6;
  static final int UDP = 17;

  /// Of the transport header.
  static final int TCP_CHECKSUM = 16;

  static final int UDP_CHECKSUM = 6;
  static final int TCP_FLAGS = 13;
  static final int CWR = 0x80;

  private static final int ETHER_TYPE = 12;
  private static final int CUSTOMER_TAG = 0x8100;
  private static final int SERVICE_TAG = 0x88a8;
  private static final int TAG = 4;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int IPV4_LENGTH = 20;
  private static final int IPV6_LENGTH = 40;
  private static final int TCP_LENGTH = 20;
  private static final int UDP_LENGTH = 8;
  private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
  private static final int HOP_BY_HOP = 0;
  private static final int DESTINATION_OPTIONS = 60;

  final MemorySegment bytes = Arena.ofAuto().allocate(Offload.MAX_HEADERS, 8);
  private int available;
  private int network;
  private int transport;
  private int payload;
  private boolean v6;
  private boolean tcp;

  /// Nothing yet.
  public GsoHeaders() {}

  /// Copies the headers of a frame and finds its parts.
  ///
  /// @param start where the sender says that the transport header is
  /// @return false when they are not those of a packet that can be cut, or are longer than
  ///   [Offload#MAX_HEADERS]
  public boolean read(Frame frame, int start) {
    available = Math.min(frame.length(), Offload.MAX_HEADERS);
    frame.copyTo(0, bytes, 0, available);
    return readLink() && transport == start && readTransport();
  }

  private boolean readLink() {
    int at = ETHER_TYPE;
    while (at + 2 <= available && isTag(u16(at))) {
      at += TAG;
    }
    int type = at + 2 <= available ? u16(at) : 0;
    network = at + 2;
    return switch (type) {
      case IPV4 -> readIpv4();
      case IPV6 -> readIpv6();
      default -> false;
    };
  }

  private static boolean isTag(int etherType) {
    return etherType == CUSTOMER_TAG || etherType == SERVICE_TAG;
  }

  private boolean readIpv4() {
    if (network + IPV4_LENGTH > available) {
      return false;
    }
    int first = u8(network);
    int length = (first & 0xf) * 4;
    if (first >> 4 != 4
        || length < IPV4_LENGTH
        || (u16(network + 6) & MORE_FRAGMENTS_OR_OFFSET) != 0) {
      return false;
    }
    v6 = false;
    transport = network + length;
    return isTransport(u8(network + 9));
  }

  private boolean readIpv6() {
    if (network + IPV6_LENGTH > available || u8(network) >> 4 != 6) {
      return false;
    }
    v6 = true;
    int next = u8(network + 6);
    int at = network + IPV6_LENGTH;
    while (next == HOP_BY_HOP || next == DESTINATION_OPTIONS) {
      if (at + 2 > available) {
        return false;
      }
      next = u8(at);
      at += (u8(at + 1) + 1) * 8;
    }
    transport = at;
    return isTransport(next);
  }

  private boolean isTransport(int protocol) {
    tcp = protocol == TCP;
    return tcp || protocol == UDP;
  }

  private boolean readTransport() {
    int least = tcp ? TCP_LENGTH : UDP_LENGTH;
    if (transport + least > available) {
      return false;
    }
    int length = tcp ? (u8(transport + 12) >> 4) * 4 : UDP_LENGTH;
    payload = transport + length;
    return length >= least && payload <= available;
  }

  /// What the packet can be cut into: one of the kinds of [Offload].
  public int kind() {
    return tcp ? v6 ? Offload.TCP6 : Offload.TCP4 : v6 ? Offload.UDP6 : Offload.UDP4;
  }

  /// Where the checksum is in the transport header.
  public int checksumOffset() {
    return tcp ? TCP_CHECKSUM : UDP_CHECKSUM;
  }

  /// Bytes up to the payload of the transport.
  public int length() {
    return payload;
  }

  /// Whether it is a TCP packet that tells of a reduced congestion window (RFC 3168, 6.1.2), for
  /// which only the first segment may.
  public boolean congestionWindowReduced() {
    return tcp && (u8(transport + TCP_FLAGS) & CWR) != 0;
  }

  boolean isV6() {
    return v6;
  }

  /// Whether the transport is TCP.
  public boolean isTcp() {
    return tcp;
  }

  int network() {
    return network;
  }

  int transport() {
    return transport;
  }

  /// The sum of the addresses and the protocol of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1).
  long pseudoHeader() {
    long sum =
        v6 ? Checksum.add(0, bytes, network + 8, 32) : Checksum.add(0, bytes, network + 12, 8);
    return sum + Checksum.word(tcp ? TCP : UDP);
  }

  int u8(int at) {
    return bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  int u16(int at) {
    return bytes.get(BE16, at) & 0xffff;
  }
}
