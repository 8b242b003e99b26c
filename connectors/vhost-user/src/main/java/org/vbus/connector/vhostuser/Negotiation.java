package org.vbus.connector.vhostuser;

import org.vbus.core.feature.Feature;

/// What the two sides of a conversation have agreed upon: virtio features, and those of the
/// protocol itself. Written on the control thread, read by any.
final class Negotiation {
  /// Feature bit of the protocol, where virtio has none.
  static final long F_PROTOCOL_FEATURES = 1L << 30;

  /// Feature bit that starts the dirty log, where virtio has none.
  static final long F_LOG_ALL = 1L << 26;

  /// What is offered. Not: cross-endian, crypto, page faults, host notifiers, Xen mappings, shared
  /// objects.
  static final long PROTOCOL_FEATURES =
      ProtocolFeature.setOf(
          ProtocolFeature.MQ,
          ProtocolFeature.LOG_SHMFD,
          ProtocolFeature.RARP,
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.MTU,
          ProtocolFeature.BACKEND_REQ,
          ProtocolFeature.CONFIG,
          ProtocolFeature.BACKEND_SEND_FD,
          ProtocolFeature.INFLIGHT_SHMFD,
          ProtocolFeature.RESET_DEVICE,
          ProtocolFeature.INBAND_NOTIFICATIONS,
          ProtocolFeature.CONFIGURE_MEM_SLOTS,
          ProtocolFeature.STATUS,
          ProtocolFeature.DEVICE_STATE,
          ProtocolFeature.GET_VRING_BASE_INFLIGHT);

  private final long ofDevice;
  private boolean accepted;
  private volatile long features;
  private volatile long protocol;

  /// Nothing agreed upon yet, with a device that offers these virtio features.
  Negotiation(long ofDevice) {
    this.ofDevice = ofDevice;
  }

  /// Virtio features offered, with the bits that the protocol borrows.
  long offered() {
    return ofDevice | F_PROTOCOL_FEATURES | F_LOG_ALL;
  }

  /// Takes the features that the driver accepted.
  ///
  /// @return the bits that are others than before
  long accept(long chosen) throws ProtocolException {
    if ((chosen & ~offered()) != 0) {
      throw new ProtocolException(
          "SET_FEATURES with 0x%x, which was not offered".formatted(chosen & ~offered()));
    }
    long changed = chosen ^ features;
    features = chosen;
    accepted = true;
    return changed;
  }

  /// Takes the protocol features that the front-end accepted.
  void acceptProtocol(long chosen) throws ProtocolException {
    if ((chosen & ~PROTOCOL_FEATURES) != 0) {
      throw new ProtocolException(
          "SET_PROTOCOL_FEATURES with 0x%x, which was not offered"
              .formatted(chosen & ~PROTOCOL_FEATURES));
    }
    if (ProtocolFeature.INBAND_NOTIFICATIONS.in(chosen)
        && !(ProtocolFeature.BACKEND_REQ.in(chosen) && ProtocolFeature.REPLY_ACK.in(chosen))) {
      throw new ProtocolException("INBAND_NOTIFICATIONS without BACKEND_REQ and REPLY_ACK");
    }
    protocol = chosen;
  }

  /// Whether the driver has accepted anything yet.
  boolean accepted() {
    return accepted;
  }

  /// All that the driver accepted.
  long features() {
    return features;
  }

  /// What of it is the device's.
  long deviceFeatures() {
    return features & ofDevice;
  }

  boolean packed() {
    return Feature.RING_PACKED.in(features);
  }

  boolean hasProtocolBit() {
    return (features & F_PROTOCOL_FEATURES) != 0;
  }

  boolean logsWrites() {
    return (features & F_LOG_ALL) != 0;
  }

  /// The protocol features that were negotiated.
  long protocol() {
    return protocol;
  }

  boolean has(ProtocolFeature feature) {
    return feature.in(protocol);
  }
}
