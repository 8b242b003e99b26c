package org.vbus.venet.l2;

/// Sees the frames that cross one switch port, as a capture does. Set with [SwitchPort#tap].
@FunctionalInterface
public interface FrameTap {
  /// Called on the loop that forwards the frame, so for one port from several loops at a time (each
  /// egress frame comes from the loop of its ingress port). Ingress frames are shown before any
  /// check, even if the switch then drops them; egress frames only if the port accepted them. The
  /// frame is valid during the call. Must not block and must not throw.
  void frame(Direction direction, Frame frame);
}
