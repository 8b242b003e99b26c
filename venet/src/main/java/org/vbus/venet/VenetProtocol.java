package org.vbus.venet;

import java.lang.foreign.MemorySegment;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.Chain;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.MacAddress;

/// Wire format of the network device (5.1): numbers, configuration layout, packet header. No state.
///
/// ```
/// config   0 u8 mac[6]   6 le16 status   8 le16 max_virtqueue_pairs   10 le16 mtu
/// header   0 u8 flags    1 u8 gso_type   2 le16 hdr_len   4 le16 gso_size
///          6 le16 csum_start   8 le16 csum_offset   10 le16 num_buffers
/// ```
final class VenetProtocol {
  /// Device id (chapter 5).
  static final int DEVICE_ID = 1;

  // Feature bits (5.1.3).
  static final int F_MTU = 3;
  static final int F_MAC = 5;
  static final int F_MRG_RXBUF = 15;
  static final int F_STATUS = 16;

  // Configuration (5.1.4).
  static final int CONFIG_MAC = 0;
  static final int CONFIG_STATUS = 6;
  static final int CONFIG_MTU = 10;
  static final int CONFIG_SIZE = 12;
  static final int STATUS_LINK_UP = 1;

  // Queues (5.1.2).
  static final int RX = 0;
  static final int TX = 1;

  /// Bytes of the packet header with VERSION_1 (5.1.9).
  static final int HEADER = 12;

  private static final int GSO_TYPE = 1;
  private static final int NUM_BUFFERS = 10;

  /// Bytes of an IEEE 802.1Q tag.
  static final int VLAN_TAG = 4;

  /// Longest Ethernet header: one with a tag.
  static final int LINK_HEADER = Frame.HEADER_LENGTH + VLAN_TAG;

  private static final int CUSTOMER_TAG = 0x8100;
  private static final int SERVICE_TAG = 0x88a8;

  // What an MTU may be (5.1.4.1).
  private static final int LEAST_MTU = 68;
  private static final int MOST_MTU = 65535;

  private VenetProtocol() {}

  /// Checks what a device of address `mac` would put into its configuration.
  ///
  /// @throws IllegalArgumentException when no station can have the address, or the MTU is out of
  ///   range
  static void checkConfig(long mac, int mtu) {
    if (mac == 0 || MacAddress.isMulticast(mac)) {
      throw new IllegalArgumentException(
          MacAddress.format(mac) + " is not the address of a single station");
    }
    if (mtu < LEAST_MTU || mtu > MOST_MTU) {
      throw new IllegalArgumentException(
          "mtu is from " + LEAST_MTU + " to " + MOST_MTU + ", not " + mtu);
    }
  }

  /// Whether the payload of a frame is longer than `mtu` (5.1.4.1); a tag is not payload.
  static boolean exceeds(int mtu, Frame frame) {
    int rest = frame.length() - Frame.HEADER_LENGTH;
    return rest > mtu && (rest > mtu + VLAN_TAG || !isTagged(frame.etherType()));
  }

  private static boolean isTagged(int etherType) {
    return etherType == CUSTOMER_TAG || etherType == SERVICE_TAG;
  }

  /// Whether the device may take a packet with this header. Without offloads a driver leaves the
  /// header zero (5.1.9.2.1); flags it sets all the same are ignored (5.1.9.2.2), but a packet to
  /// be segmented, in a UDP tunnel or not, cannot be sent as it is.
  static boolean acceptsHeader(Chain chain) {
    return chain.readByte(GSO_TYPE) == 0;
  }

  /// Writes the header of a received packet that fills `buffers` buffers: all zero but their number
  /// (5.1.9.4.1). Memory that holds it already is left alone.
  static void writeHeader(Chain chain, int buffers) {
    int first = chain.readablePieces();
    if (chain.length(first) >= HEADER) {
      MemorySegment segment = chain.segment(first);
      long off = chain.offset(first);
      if (segment.get(LittleEndian.LONG_ANY, off) != 0) {
        segment.set(LittleEndian.LONG_ANY, off, 0L);
      }
      int tail = buffers << 16;
      if (segment.get(LittleEndian.INT_ANY, off + 8) != tail) {
        segment.set(LittleEndian.INT_ANY, off + 8, tail);
      }
      return;
    }
    for (int i = 0; i < NUM_BUFFERS; i++) {
      chain.writeByte(i, 0);
    }
    chain.writeByte(NUM_BUFFERS, buffers);
    chain.writeByte(NUM_BUFFERS + 1, buffers >>> 8);
  }
}
