package org.vbus.bench.station;

import java.nio.ByteBuffer;

/// The frames that a benchmark sends: UDP over IPv4, from one of [#FLOWS] ports, with a payload
/// that is different in every byte position of every frame. What arrives can be compared with what
/// its number says was sent.
public final class StationFrames {
  /// Address of the guest's card, and of the guest that talks to another one.
  public static final long GUEST = 0x0200_0000_000aL;

  /// Address of the station, and of the second guest.
  public static final long STATION = 0x0200_0000_000bL;

  /// Flows among the frames.
  public static final int FLOWS = 32;

  private static final int IP = 14;
  private static final int UDP = IP + 20;

  /// Where the frame's number is.
  private static final int NUMBER = UDP + 8;

  private static final int PAYLOAD = NUMBER + Integer.BYTES;
  private static final int FIRST_PORT = 9000;
  private static final int SPREAD = 0x9e3779b9;

  private StationFrames() {}

  /// Frame `number` of `length` bytes, at least 60.
  public static byte[] frame(long source, long destination, int number, int length) {
    byte[] bytes = new byte[length];
    ByteBuffer at = ByteBuffer.wrap(bytes);
    addresses(bytes, source, destination);
    at.putShort(12, (short) 0x0800);
    at.put(IP, (byte) 0x45);
    at.putShort(IP + 2, (short) (length - IP));
    at.put(IP + 8, (byte) 64);
    at.put(IP + 9, (byte) 17);
    at.putInt(IP + 12, 0xc0a8_0001);
    at.putInt(IP + 16, 0xc0a8_0002);
    at.putShort(IP + 10, (short) checksum(at));
    at.putShort(UDP, (short) (FIRST_PORT + number % FLOWS));
    at.putShort(UDP + 2, (short) FIRST_PORT);
    at.putShort(UDP + 4, (short) (length - UDP));
    at.putInt(NUMBER, number);
    for (int i = PAYLOAD; i < length; i++) {
      bytes[i] = (byte) (((number + i) * SPREAD) >>> 24);
    }
    return bytes;
  }

  /// Writes both addresses.
  public static void addresses(byte[] frame, long source, long destination) {
    for (int i = 0; i < 6; i++) {
      frame[i] = (byte) (destination >>> (40 - 8 * i));
      frame[6 + i] = (byte) (source >>> (40 - 8 * i));
    }
  }

  /// Number of a frame, or -1 when it is too short to have one.
  public static int number(byte[] frame) {
    return frame.length < PAYLOAD ? -1 : ByteBuffer.wrap(frame).getInt(NUMBER);
  }

  /// Of the IPv4 header (RFC 791).
  private static int checksum(ByteBuffer frame) {
    int sum = 0;
    for (int i = IP; i < UDP; i += 2) {
      sum += frame.getShort(i) & 0xffff;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~(sum + (sum >>> 16)) & 0xffff;
  }
}
