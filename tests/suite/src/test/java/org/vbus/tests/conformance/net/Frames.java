package org.vbus.tests.conformance.net;

import java.util.Random;

/// Ethernet frames as byte arrays.
final class Frames {
  static final int CUSTOMER_TAG = 0x8100;
  static final int SERVICE_TAG = 0x88a8;
  static final int IPV4 = 0x0800;

  private Frames() {}

  /// `length` bytes, the payload arbitrary but the same for the same arguments.
  static byte[] frame(long destination, long source, int etherType, int length) {
    byte[] frame = new byte[length];
    new Random(length * 31L + etherType).nextBytes(frame);
    for (int i = 0; i < 6; i++) {
      put(frame, i, (int) (destination >>> (40 - 8 * i)));
      put(frame, 6 + i, (int) (source >>> (40 - 8 * i)));
    }
    put(frame, 12, etherType >>> 8);
    put(frame, 13, etherType);
    return frame;
  }

  /// The same with a tag of type `type`; `length` counts the tag.
  static byte[] tagged(long destination, long source, int type, int tci, int length) {
    byte[] frame = frame(destination, source, type, length);
    put(frame, 14, tci >>> 8);
    put(frame, 15, tci);
    return frame;
  }

  private static void put(byte[] frame, int at, int value) {
    if (at < frame.length) {
      frame[at] = (byte) value;
    }
  }

  /// A packet header (5.1.9).
  static byte[] header(int flags, int gsoType, int fill) {
    byte[] header = new byte[12];
    for (int i = 2; i < header.length; i++) {
      header[i] = (byte) fill;
    }
    header[0] = (byte) flags;
    header[1] = (byte) gsoType;
    return header;
  }

  static byte[] plainHeader() {
    return new byte[12];
  }

  static byte[] join(byte[] first, byte[] second) {
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
