package org.vbus.venet.l2;

/// Takes the frames that a [FrameInbox] hands over.
@FunctionalInterface
public interface FrameConsumer {
  /// One frame, valid during the call. Must not throw.
  void frame(Frame frame);
}
