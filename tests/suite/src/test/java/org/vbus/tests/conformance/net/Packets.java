package org.vbus.tests.conformance.net;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// TCP and UDP packets as byte arrays, made and checked by their definition.
final class Packets {
  static final int CWR = 0x80;
  static final int ACK = 0x10;
  static final int PSH = 0x08;
  static final int FIN = 0x01;

  private static final int ETHERNET = 14;

  /// What a packet is made of. `gsoType` is that of a packet header (5.1.9).
  enum Kind {
    TCP4(1, 6, 20, 20, 16),
    TCP6(4, 6, 40, 20, 16),
    UDP4(5, 17, 20, 8, 6),
    UDP6(5, 17, 40, 8, 6);

    final int gsoType;
    final int protocol;
    final int ip;
    final int transport;
    final int checksumOffset;

    Kind(int gsoType, int protocol, int ip, int transport, int checksumOffset) {
      this.gsoType = gsoType;
      this.protocol = protocol;
      this.ip = ip;
      this.transport = transport;
      this.checksumOffset = checksumOffset;
    }

    boolean tcp() {
      return protocol == 6;
    }

    int checksumStart() {
      return ETHERNET + ip;
    }

    int headers() {
      return checksumStart() + transport;
    }
  }

  private Packets() {}

  /// A packet with `payload`; its transport checksum is complete, or only that of the pseudo
  /// header.
  static byte[] packet(
      Kind kind, long to, long from, int sequence, int flags, byte[] payload, boolean complete) {
    ByteBuffer out = ByteBuffer.allocate(kind.headers() + payload.length);
    out.putShort((short) (to >>> 32)).putInt((int) to);
    out.putShort((short) (from >>> 32)).putInt((int) from);
    int body = kind.transport + payload.length;
    if (kind.ip == 20) {
      out.putShort((short) 0x0800).putShort((short) 0x4500).putShort((short) (20 + body));
      out.putInt(0x1000_4000).put((byte) 64).put((byte) kind.protocol).putShort((short) 0);
      out.putInt(0xc0000201).putInt(0xc0000202);
      out.putShort(ETHERNET + 10, (short) ~sum(0, out.array(), ETHERNET, 20));
    } else {
      out.putShort((short) 0x86dd).putInt(0x6000_0000).putShort((short) body);
      out.put((byte) kind.protocol).put((byte) 64);
      out.putLong(0x20010db8_00000000L).putLong(1).putLong(0x20010db8_00000000L).putLong(2);
    }
    if (kind.tcp()) {
      out.putInt(0x13881389).putInt(sequence).putInt(7).put((byte) 0x50).put((byte) flags);
      out.putShort((short) 0x7000).putInt(0);
    } else {
      out.putInt(0xc0000035).putShort((short) body).putShort((short) 0);
    }
    out.put(payload);
    int field = kind.checksumStart() + kind.checksumOffset;
    int pseudo = pseudo(kind, out.array());
    out.putShort(
        field,
        (short)
            (complete ? nonZero(~sum(pseudo, out.array(), kind.checksumStart(), body)) : pseudo));
    return out.array();
  }

  private static int nonZero(int checksum) {
    return (checksum & 0xffff) == 0 ? 0xffff : checksum;
  }

  /// The header before a packet to be cut.
  static byte[] gsoHeader(Kind kind, int size) {
    return header(1, kind.gsoType, kind.headers(), size, kind.checksumStart(), kind.checksumOffset);
  }

  /// The header before a packet that needs its checksum.
  static byte[] checksumHeader(Kind kind) {
    return header(1, 0, 0, 0, kind.checksumStart(), kind.checksumOffset);
  }

  /// A packet header.
  static byte[] header(int flags, int gsoType, int hdrLen, int size, int start, int offset) {
    byte[] header = new byte[12];
    header[0] = (byte) flags;
    header[1] = (byte) gsoType;
    int[] fields = {hdrLen, size, start, offset};
    for (int i = 0; i < fields.length; i++) {
      header[2 + 2 * i] = (byte) fields[i];
      header[3 + 2 * i] = (byte) (fields[i] >>> 8);
    }
    return header;
  }

  static byte[] payload(Kind kind, byte[] frame) {
    return Arrays.copyOfRange(frame, kind.headers(), frame.length);
  }

  static int sequence(byte[] frame, Kind kind) {
    return ByteBuffer.wrap(frame).getInt(kind.checksumStart() + 4);
  }

  static int flags(byte[] frame, Kind kind) {
    return frame[kind.checksumStart() + 13] & 0xff;
  }

  /// What is wrong with a frame that should be complete, or with one whose transport checksum
  /// should be that of the pseudo header; empty when nothing is.
  static String faults(Kind kind, byte[] frame, boolean complete) {
    StringBuilder faults = new StringBuilder();
    ByteBuffer in = ByteBuffer.wrap(frame);
    int body = frame.length - kind.checksumStart();
    if (kind.ip == 20) {
      check(faults, "IP length", in.getShort(ETHERNET + 2) & 0xffff, 20 + body);
      check(faults, "IP sum", sum(0, frame, ETHERNET, 20), 0xffff);
    } else {
      check(faults, "IP length", in.getShort(ETHERNET + 4) & 0xffff, body);
    }
    if (!kind.tcp()) {
      check(faults, "UDP length", in.getShort(kind.checksumStart() + 4) & 0xffff, body);
    }
    int pseudo = pseudo(kind, frame);
    if (complete) {
      check(faults, "sum", sum(pseudo, frame, kind.checksumStart(), body), 0xffff);
    } else {
      int field = in.getShort(kind.checksumStart() + kind.checksumOffset) & 0xffff;
      check(faults, "pseudo header sum", field, pseudo);
    }
    return faults.toString();
  }

  private static void check(StringBuilder faults, String what, int is, int should) {
    if (is != should) {
      faults.append("%s is 0x%x, not 0x%x; ".formatted(what, is, should));
    }
  }

  private static int pseudo(Kind kind, byte[] frame) {
    int addresses = kind.ip == 20 ? 8 : 32;
    int length = frame.length - kind.checksumStart();
    return sum(kind.protocol + length, frame, kind.checksumStart() - addresses, addresses);
  }

  /// The ones' complement sum of big-endian words.
  private static int sum(int start, byte[] bytes, int from, int len) {
    int sum = start;
    for (int i = 0; i < len; i += 2) {
      int low = i + 1 < len ? bytes[from + i + 1] & 0xff : 0;
      sum += (bytes[from + i] & 0xff) << 8 | low;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }
}
