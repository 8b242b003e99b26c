package org.vbus.venet.l2;

/// Why a frame was dropped. The first group is counted on the ingress port, the second on the
/// egress port.
public enum DropReason {
  /// Shorter than an Ethernet header.
  TOO_SHORT,
  /// The source address is zero or a group address.
  BAD_SOURCE,
  /// To a group address that bridges keep on the link (01:80:c2:00:00:00 to 0f).
  RESERVED_ADDRESS,
  /// To a station on the port it came from, which has it already.
  SAME_PORT,
  /// To a port of the same isolation group.
  ISOLATED,
  /// From a port that is no longer attached.
  DETACHED,
  /// What is left to be done to it contradicts the frame, or was not agreed upon.
  BAD_OFFLOAD,

  /// See [Delivery#FILTERED].
  FILTERED,
  /// See [Delivery#NO_BUFFER].
  NO_BUFFER,
  /// See [Delivery#TOO_BIG].
  TOO_BIG,
  /// See [Delivery#LINK_DOWN].
  LINK_DOWN,
  /// See [Delivery#QUEUE_FULL].
  QUEUE_FULL,
  /// See [Delivery#PORT_ERROR].
  PORT_ERROR
}
