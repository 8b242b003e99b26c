package org.vbus.venet;

import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.MacAddress;
import org.vbus.venet.l2.Offload;

/// Wire format of the network device (5.1): numbers and configuration layout. No state.
///
/// ```
/// config   0 u8 mac[6]   6 le16 status   8 le16 max_virtqueue_pairs   10 le16 mtu
/// ```
final class VenetProtocol {
  /// Device id (chapter 5).
  static final int DEVICE_ID = 1;

  // Feature bits (5.1.3).
  static final int F_CSUM = 0;
  static final int F_GUEST_CSUM = 1;
  static final int F_CTRL_GUEST_OFFLOADS = 2;
  static final int F_MTU = 3;
  static final int F_MAC = 5;
  static final int F_GUEST_TSO4 = 7;
  static final int F_GUEST_TSO6 = 8;
  static final int F_GUEST_ECN = 9;
  static final int F_HOST_TSO4 = 11;
  static final int F_HOST_TSO6 = 12;
  static final int F_HOST_ECN = 13;
  static final int F_MRG_RXBUF = 15;
  static final int F_STATUS = 16;
  static final int F_CTRL_VQ = 17;
  static final int F_CTRL_RX = 18;
  static final int F_CTRL_VLAN = 19;
  static final int F_CTRL_RX_EXTRA = 20;
  static final int F_GUEST_ANNOUNCE = 21;
  static final int F_MQ = 22;
  static final int F_CTRL_MAC_ADDR = 23;
  static final int F_VQ_NOTF_COAL = 52;
  static final int F_NOTF_COAL = 53;
  static final int F_GUEST_USO4 = 54;
  static final int F_GUEST_USO6 = 55;
  static final int F_HOST_USO = 56;

  /// Features that let the device leave something to the driver.
  static final long GUEST_OFFLOADS =
      1L << F_GUEST_CSUM
          | 1L << F_GUEST_TSO4
          | 1L << F_GUEST_TSO6
          | 1L << F_GUEST_ECN
          | 1L << F_GUEST_USO4
          | 1L << F_GUEST_USO6;

  /// Features of a device with offloads.
  static final long OFFLOADS =
      GUEST_OFFLOADS
          | 1L << F_CTRL_GUEST_OFFLOADS
          | 1L << F_CSUM
          | 1L << F_HOST_TSO4
          | 1L << F_HOST_TSO6
          | 1L << F_HOST_ECN
          | 1L << F_HOST_USO;

  /// Features that need the control queue, which is offered with them.
  static final long CONTROL =
      1L << F_CTRL_VQ
          | 1L << F_CTRL_RX
          | 1L << F_CTRL_VLAN
          | 1L << F_CTRL_RX_EXTRA
          | 1L << F_GUEST_ANNOUNCE
          | 1L << F_CTRL_MAC_ADDR
          | 1L << F_VQ_NOTF_COAL
          | 1L << F_NOTF_COAL;

  // Configuration (5.1.4).
  static final int CONFIG_MAC = 0;
  static final int CONFIG_STATUS = 6;
  static final int CONFIG_PAIRS = 8;
  static final int CONFIG_MTU = 10;
  static final int CONFIG_SIZE = 12;
  static final int STATUS_LINK_UP = 1;
  static final int STATUS_ANNOUNCE = 2;

  // Commands by class, and answers (5.1.9.5).
  static final int OK = 0;
  static final int ERR = 1;
  static final int CTRL_RX = 0;
  static final int RX_PROMISC = 0;
  static final int RX_ALLMULTI = 1;
  static final int RX_ALLUNI = 2;
  static final int RX_NOMULTI = 3;
  static final int RX_NOUNI = 4;
  static final int RX_NOBCAST = 5;
  static final int CTRL_MAC = 1;
  static final int MAC_TABLE_SET = 0;
  static final int MAC_ADDR_SET = 1;
  static final int CTRL_VLAN = 2;
  static final int VLAN_ADD = 0;
  static final int VLAN_DEL = 1;
  static final int CTRL_ANNOUNCE = 3;
  static final int ANNOUNCE_ACK = 0;
  static final int CTRL_MQ = 4;
  static final int VQ_PAIRS_SET = 0;
  static final int CTRL_GUEST_OFFLOADS = 5;
  static final int GUEST_OFFLOADS_SET = 0;
  static final int CTRL_NOTF_COAL = 6;
  static final int COAL_TX_SET = 0;
  static final int COAL_RX_SET = 1;
  static final int COAL_VQ_SET = 2;
  static final int COAL_VQ_GET = 3;

  // Queues (5.1.2): those of a pair.
  static final int RX = 0;
  static final int TX = 1;

  /// Bytes of the packet header with VERSION_1 (5.1.9).
  static final int HEADER = 12;

  /// Bytes of an IEEE 802.1Q tag.
  static final int VLAN_TAG = 4;

  /// Longest Ethernet header: one with a tag.
  static final int LINK_HEADER = Frame.HEADER_LENGTH + VLAN_TAG;

  /// Longest frame to be segmented: 65535 bytes after an IPv6 header (5.1.9.3.1).
  static final int MAX_GSO_FRAME = LINK_HEADER + 40 + 65535;

  static final int CUSTOMER_TAG = 0x8100;
  private static final int SERVICE_TAG = 0x88a8;

  // What an MTU may be (5.1.4.1).
  static final int LEAST_MTU = 68;
  static final int MOST_MTU = 65535;

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
      throw wrongMtu(Integer.toString(mtu));
    }
  }

  static IllegalArgumentException wrongMtu(String mtu) {
    return new IllegalArgumentException(
        "mtu is from " + LEAST_MTU + " to " + MOST_MTU + ", not " + mtu);
  }

  /// Whether the payload of a frame, or of one of the segments it is to be cut into, is longer than
  /// `mtu` (5.1.4.1); a tag is not payload.
  static boolean exceeds(int mtu, Frame frame) {
    int rest = frame.length() - Frame.HEADER_LENGTH;
    return rest > mtu && exceedsCut(mtu, frame);
  }

  private static boolean exceedsCut(int mtu, Frame frame) {
    int longest = Offload.longestSegment(frame.offload(), frame.length());
    int rest = longest - Frame.HEADER_LENGTH;
    return rest > mtu && (rest > mtu + VLAN_TAG || !isTag(frame.etherType()));
  }

  /// Whether an EtherType is that of a tag.
  static boolean isTag(int etherType) {
    return etherType == CUSTOMER_TAG || etherType == SERVICE_TAG;
  }

  private static boolean has(long features, int bit) {
    return (features & 1L << bit) != 0;
  }

  /// What a driver may leave to the device, as bits of [Offload]. A bit that another one requires
  /// counts only with it (5.1.3.1).
  static int hostOffloads(long features) {
    return offloads(
        has(features, F_CSUM),
        has(features, F_HOST_TSO4),
        has(features, F_HOST_TSO6),
        has(features, F_HOST_ECN),
        has(features, F_HOST_USO),
        has(features, F_HOST_USO));
  }

  /// What the device may leave to a driver, as bits of [Offload].
  static int guestOffloads(long features) {
    return offloads(
        has(features, F_GUEST_CSUM),
        has(features, F_GUEST_TSO4),
        has(features, F_GUEST_TSO6),
        has(features, F_GUEST_ECN),
        has(features, F_GUEST_USO4),
        has(features, F_GUEST_USO6));
  }

  private static int offloads(
      boolean checksum, boolean tso4, boolean tso6, boolean ecn, boolean uso4, boolean uso6) {
    if (!checksum) {
      return 0;
    }
    return Offload.ACCEPTS_CHECKSUM
        | (tso4 ? 1 << Offload.TCP4 : 0)
        | (tso6 ? 1 << Offload.TCP6 : 0)
        | (ecn && (tso4 || tso6) ? Offload.ACCEPTS_ECN : 0)
        | (uso4 ? 1 << Offload.UDP4 : 0)
        | (uso6 ? 1 << Offload.UDP6 : 0);
  }
}
