package org.vbus.bench.micro.compare;

import java.util.Locale;

/// What an interval says of B, given the change that is worth a word.
public enum Verdict {
  /// By more than the threshold, with confidence.
  SLOWER,
  /// By more than the threshold, with confidence.
  FASTER,
  /// By no more than the threshold, with confidence.
  SAME,
  /// The interval is too wide for any of these.
  UNCLEAR;

  /// @param threshold as a fraction, 0.05 for 5 %
  public static Verdict of(RankInterval interval, double threshold) {
    double slow = 1 + threshold;
    double fast = 1 / slow;
    if (interval.low() > slow) {
      return SLOWER;
    }
    if (interval.high() < fast) {
      return FASTER;
    }
    return interval.low() >= fast && interval.high() <= slow ? SAME : UNCLEAR;
  }

  /// As in the table.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
