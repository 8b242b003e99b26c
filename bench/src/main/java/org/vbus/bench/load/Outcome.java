package org.vbus.bench.load;

import org.HdrHistogram.Histogram;

/// What became of an [Offer].
///
/// @param seconds from before the warm-up until the last frame had arrived
/// @param windowSeconds of the window
/// @param due frames that should have been sent, warm-up included
/// @param sent frames that were, before the time was over
/// @param received of them, when all had arrived or none came any more
/// @param inWindow of them, those that arrived in the window
/// @param strays frames of nobody, or out of order
/// @param kicks by both guests
/// @param calls to both guests
/// @param full part of the passes in which the transmit ring was full
/// @param idle part of the window in which the guests had nothing to do
/// @param latency from when a frame was due to when it was seen, nanoseconds, of those due in the
///   window
record Outcome(
    double seconds,
    double windowSeconds,
    long due,
    long sent,
    long received,
    long inWindow,
    long strays,
    long kicks,
    long calls,
    double full,
    double idle,
    Histogram latency) {

  /// Of frames that were sent, this part may be missing where none is to be: who shares a machine
  /// loses a few when it is taken away.
  private static final double TOLERANCE = 0.001;

  /// And this part may be behind its time.
  private static final double LATE = 0.01;

  /// Frames per second that arrived.
  double achieved() {
    return inWindow / windowSeconds;
  }

  /// Part of what was sent that did not arrive.
  double lost() {
    return sent == 0 ? 0 : (double) (sent - received) / sent;
  }

  /// Whether more was due than could be sent.
  boolean behind() {
    return due - sent > LATE * due + GuestPort.RING;
  }

  /// Whether all of it went through, but for the tolerance.
  boolean clean() {
    return !behind() && lost() <= TOLERANCE && received > 0;
  }
}
