package org.vbus.venet;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.MacAddress;

/// A broadcast by which switches learn where a station is now: a reverse ARP request for its own
/// address (RFC 903), as front-ends of vhost-user ask for after a migration.
final class Announcement {
  /// The shortest Ethernet frame, without frame check sequence.
  private static final int LENGTH = 60;

  private static final int REVERSE_ARP = 0x8035;
  private static final int ETHERNET = 1;
  private static final int IPV4 = 0x0800;
  private static final int REQUEST_REVERSE = 3;

  private Announcement() {}

  static Frame of(long mac) {
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
    put(bytes, MacAddress.BROADCAST);
    put(bytes, mac);
    bytes.putShort((short) REVERSE_ARP).putShort((short) ETHERNET).putShort((short) IPV4);
    bytes.put((byte) 6).put((byte) 4).putShort((short) REQUEST_REVERSE);
    put(bytes, mac);
    bytes.putInt(0);
    put(bytes, mac);
    MemorySegment memory = Arena.ofAuto().allocate(LENGTH);
    MemorySegment.copy(bytes.array(), 0, memory, ValueLayout.JAVA_BYTE, 0, LENGTH);
    Frame frame = new Frame(1);
    boolean _ = frame.add(memory, 0, LENGTH);
    return frame;
  }

  private static void put(ByteBuffer bytes, long mac) {
    bytes.putShort((short) (mac >>> 32)).putInt((int) mac);
  }
}
