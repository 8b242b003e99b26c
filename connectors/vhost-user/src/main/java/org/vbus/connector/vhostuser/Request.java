package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.ProtocolFeature.*;

import org.jspecify.annotations.Nullable;

/// A message of the front-end: its number, and what a well-formed one looks like. Numbers without a
/// row (crypto, post-copy, GPU, IOTLB, shared objects, cross-endian) belong to protocol features
/// that are not offered.
enum Request {
  GET_FEATURES(1, 0, 0, null),
  SET_FEATURES(2, 8, 0, null),
  SET_OWNER(3, 0, 0, null),
  RESET_OWNER(4, 0, 0, null),
  SET_MEM_TABLE(5, 8, Payload.HEAD + Payload.MAX_REGIONS * Payload.REGION, 0, 8, null),
  SET_LOG_BASE(6, 8, 16, 0, 1, null),
  SET_LOG_FD(7, 0, 8, 0, 1, null),
  SET_VRING_NUM(8, 8, 0, null),
  SET_VRING_ADDR(9, 40, 0, null),
  SET_VRING_BASE(10, 8, 0, null),
  GET_VRING_BASE(11, 8, 0, null),
  SET_VRING_KICK(12, 8, 8, 0, 1, null),
  SET_VRING_CALL(13, 8, 8, 0, 1, null),
  SET_VRING_ERR(14, 8, 8, 0, 1, null),
  GET_PROTOCOL_FEATURES(15, 0, 0, null),
  SET_PROTOCOL_FEATURES(16, 8, 0, null),
  GET_QUEUE_NUM(17, 0, 0, null),
  SET_VRING_ENABLE(18, 8, 0, null),
  SEND_RARP(19, 8, 0, null),
  NET_SET_MTU(20, 8, 0, null),
  SET_BACKEND_REQ_FD(21, 0, 8, 1, 1, BACKEND_REQ),
  GET_CONFIG(24, 12, Payload.CONFIG + Payload.MAX_CONFIG, 0, 0, CONFIG),
  SET_CONFIG(25, 12, Payload.CONFIG + Payload.MAX_CONFIG, 0, 0, CONFIG),
  GET_INFLIGHT_FD(31, 20, 24, 0, 0, INFLIGHT_SHMFD),
  SET_INFLIGHT_FD(32, 20, 24, 1, 1, INFLIGHT_SHMFD),
  RESET_DEVICE(34, 0, 0, ProtocolFeature.RESET_DEVICE),
  VRING_KICK(35, 8, 0, INBAND_NOTIFICATIONS),
  GET_MAX_MEM_SLOTS(36, 0, 0, CONFIGURE_MEM_SLOTS),
  ADD_MEM_REG(37, Payload.SINGLE_REGION, 1, CONFIGURE_MEM_SLOTS),
  REM_MEM_REG(38, Payload.SINGLE_REGION, Payload.SINGLE_REGION, 0, 1, CONFIGURE_MEM_SLOTS),
  SET_STATUS(39, 8, 0, STATUS),
  GET_STATUS(40, 0, 0, STATUS),
  SET_DEVICE_STATE_FD(42, 8, 1, DEVICE_STATE),
  CHECK_DEVICE_STATE(43, 0, 0, DEVICE_STATE);

  private static final @Nullable Request[] BY_ID = new @Nullable Request[44];

  static {
    for (Request request : values()) {
      BY_ID[request.id] = request;
    }
  }

  private final int id;
  private final int minSize;
  private final int maxSize;
  private final int minFds;
  private final int maxFds;
  private final @Nullable ProtocolFeature feature;

  Request(
      int id, int minSize, int maxSize, int minFds, int maxFds, @Nullable ProtocolFeature feature) {
    this.id = id;
    this.minSize = minSize;
    this.maxSize = maxSize;
    this.minFds = minFds;
    this.maxFds = maxFds;
    this.feature = feature;
  }

  Request(int id, int size, int fds, @Nullable ProtocolFeature feature) {
    this(id, size, size, fds, fds, feature);
  }

  /// The request of that number, or null.
  static @Nullable Request of(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }

  int id() {
    return id;
  }

  /// Checks size, descriptors and that the protocol feature it belongs to was negotiated.
  ///
  /// @throws ProtocolException saying what is wrong
  void check(int size, int fds, long negotiated) throws ProtocolException {
    if (size < minSize || size > maxSize) {
      throw new ProtocolException("%s with %d bytes".formatted(this, size));
    }
    if (fds < minFds || fds > maxFds) {
      throw new ProtocolException("%s with %d file descriptors".formatted(this, fds));
    }
    if (feature != null && !feature.in(negotiated)) {
      throw new ProtocolException("%s without having negotiated %s".formatted(this, feature));
    }
  }
}
