package org.vbus.connector.vhostuser;

/// Protocol feature bits, negotiated by `GET_PROTOCOL_FEATURES` and `SET_PROTOCOL_FEATURES`.
public enum ProtocolFeature {
  MQ(0),
  LOG_SHMFD(1),
  RARP(2),
  REPLY_ACK(3),
  MTU(4),
  BACKEND_REQ(5),
  CROSS_ENDIAN(6),
  CRYPTO_SESSION(7),
  PAGEFAULT(8),
  CONFIG(9),
  BACKEND_SEND_FD(10),
  HOST_NOTIFIER(11),
  INFLIGHT_SHMFD(12),
  RESET_DEVICE(13),
  INBAND_NOTIFICATIONS(14),
  CONFIGURE_MEM_SLOTS(15),
  STATUS(16),
  XEN_MMAP(17),
  SHARED_OBJECT(18),
  DEVICE_STATE(19),
  GET_VRING_BASE_INFLIGHT(20);

  private final int bit;

  ProtocolFeature(int bit) {
    this.bit = bit;
  }

  /// The set of only this feature.
  public long mask() {
    return 1L << bit;
  }

  /// Whether a set contains this feature.
  public boolean in(long features) {
    return (features & mask()) != 0;
  }

  /// The union of some features.
  public static long setOf(ProtocolFeature... features) {
    long set = 0;
    for (ProtocolFeature feature : features) {
      set |= feature.mask();
    }
    return set;
  }
}
