package org.vbus.venet.l2;

/// The way a frame crosses a switch port.
public enum Direction {
  /// Into the switch: sent by the station behind the port.
  INGRESS,
  /// Out of the switch: delivered to the station behind the port.
  EGRESS
}
