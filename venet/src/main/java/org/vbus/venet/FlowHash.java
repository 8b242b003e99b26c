package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.VLAN_TAG;
import static org.vbus.venet.VenetProtocol.isTag;

import org.vbus.venet.l2.Frame;

/// Hash of the flow that a frame belongs to: the same for both directions, so that what comes back
/// is recognised. Addresses, protocol and ports of TCP, UDP and SCTP over IPv4 and IPv6; addresses
/// only where ports are not found or not in every packet (fragments, extension headers); 0 for what
/// is not IP.
///
/// The frame may change while it is read; whatever is found, the answer is some number.
final class FlowHash {
  private static final int ETHER_TYPE = 12;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int IPV4_LENGTH = 20;
  private static final int IPV6_LENGTH = 40;
  private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int SCTP = 132;
  private static final int GOLDEN = 0x9e3779b9;

  private FlowHash() {}

  static int of(Frame frame) {
    int at = ETHER_TYPE;
    int length = frame.length();
    while (at + 2 <= length && isTag(frame.u16(at))) {
      at += VLAN_TAG;
    }
    if (at + 2 > length) {
      return 0;
    }
    int ip = at + 2;
    return switch (frame.u16(at)) {
      case IPV4 -> ip + IPV4_LENGTH <= length ? ofIpv4(frame, ip) : 0;
      case IPV6 -> ip + IPV6_LENGTH <= length ? ofIpv6(frame, ip) : 0;
      default -> 0;
    };
  }

  private static int ofIpv4(Frame frame, int ip) {
    int addresses = frame.i32(ip + 12) ^ frame.i32(ip + 16);
    boolean whole = (frame.u16(ip + 6) & MORE_FRAGMENTS_OR_OFFSET) == 0;
    int header = (frame.u8(ip) & 0xf) * 4;
    return mixed(addresses, whole ? ports(frame, frame.u8(ip + 9), ip + header) : 0);
  }

  private static int ofIpv6(Frame frame, int ip) {
    int addresses = 0;
    for (int i = 8; i < 24; i += 4) {
      addresses = addresses * 31 + (frame.i32(ip + i) ^ frame.i32(ip + 16 + i));
    }
    return mixed(addresses, ports(frame, frame.u8(ip + 6), ip + IPV6_LENGTH));
  }

  private static int ports(Frame frame, int protocol, int at) {
    if ((protocol != TCP && protocol != UDP && protocol != SCTP) || at + 4 > frame.length()) {
      return 0;
    }
    return protocol << 16 | (frame.u16(at) ^ frame.u16(at + 2));
  }

  private static int mixed(int addresses, int ports) {
    int hash = (addresses ^ (ports * GOLDEN)) * GOLDEN;
    return hash ^ (hash >>> 15);
  }
}
