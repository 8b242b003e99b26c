package org.vbus.bench.load;

/// When the frames of an open loop are due: frame `n` at `n` intervals after the start, whatever
/// became of the frames before it. Who falls behind sends late, and the frame's time stays the one
/// at which it was due, so that a stall counts against every frame that waited for it.
///
/// Times are those of [System#nanoTime()]. One thread.
final class Pace {
  private final long start;
  private final double interval;
  private long taken;

  /// @param start when frame 0 is due
  /// @param rate frames per second
  /// @throws IllegalArgumentException when it is not positive
  Pace(long start, double rate) {
    if (!(rate > 0)) {
      throw new IllegalArgumentException("frames per second are more than none: " + rate);
    }
    this.start = start;
    this.interval = 1e9 / rate;
  }

  /// Frames that are due at `now` and not yet taken.
  long due(long now) {
    return now - start < 0 ? 0 : (long) ((now - start) / interval) + 1 - taken;
  }

  /// When the next frame is due.
  long time() {
    return start + (long) (taken * interval);
  }

  /// The number of the next frame: so many have been taken.
  long taken() {
    return taken;
  }

  /// Takes the next frame.
  void take() {
    taken++;
  }
}
