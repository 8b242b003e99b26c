package org.vbus.venet.l2;

/// The egress side of a switch port: a virtio-net receive queue, a tap device.
@FunctionalInterface
public interface Port {
  /// Takes one frame, or says why not. The frame is valid during the call and must not be changed:
  /// the same one may be delivered to other ports next.
  ///
  /// Called on the loop that owns the *ingress* port, so by several loops at the same time. On the
  /// port's own loop a port delivers at once and answers [Delivery#DELIVERED]; on any other it
  /// passes the frame to its [FrameInbox] and answers what [FrameInbox#offer] said, and its own
  /// loop reports the outcome to [SwitchPort#count] when it has drained the frame. Must not block
  /// and must not throw.
  Delivery deliver(Frame frame);

  /// Takes the first of the frames from `from` to `to - 1` at once, where that is cheaper than one
  /// by one; otherwise as [#deliver(Frame)].
  ///
  /// @return how many of them were [Delivery#DELIVERED]; what becomes of the next one is found out
  ///   by delivering it alone
  default int deliver(FrameBurst frames, int from, int to) {
    return 0;
  }

  /// Whether there is a station and its link is up; for display, any thread.
  default boolean isUp() {
    return true;
  }
}
