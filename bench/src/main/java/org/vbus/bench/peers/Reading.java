package org.vbus.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What one run came to.
///
/// @param mpps million frames per second, all directions together
/// @param probeBefore round trip of a cache line before the window, nanoseconds
/// @param probeAfter after it
/// @param frontEndWait part of the window in which the front-end's polling thread had no processor
/// @param backEndWait the same for the back-end's, the worst if there are several
/// @param balance rate of the slower direction over that of the faster
/// @param meanBytes bytes per frame, as counted
/// @param wantedBytes bytes per frame, as sent
record Reading(
    double mpps,
    double probeBefore,
    double probeAfter,
    double frontEndWait,
    double backEndWait,
    double balance,
    double meanBytes,
    double wantedBytes) {

  /// More waiting than this and somebody else has run on one of the two processors.
  private static final double MOST_WAIT = 0.03;

  /// In a closed loop less than this says that one direction has lost its frames.
  private static final double LEAST_BALANCE = 0.8;

  /// A mixture is not cut at a whole number of rounds.
  private static final double BYTES_TOLERANCE = 0.05;

  Distance distance() {
    return Distance.of(probeBefore);
  }

  /// The gates it fails, each as a reader sees it; empty when it counts.
  List<String> failures() {
    List<String> failures = new ArrayList<>();
    if (Distance.of(probeBefore) != Distance.of(probeAfter)) {
      failures.add(String.format(Locale.ROOT, "probe %.0f then %.0f ns", probeBefore, probeAfter));
    }
    if (frontEndWait > MOST_WAIT) {
      failures.add(String.format(Locale.ROOT, "front-end waited %.1f %%", 100 * frontEndWait));
    }
    if (backEndWait > MOST_WAIT) {
      failures.add(String.format(Locale.ROOT, "back-end waited %.1f %%", 100 * backEndWait));
    }
    if (!(mpps > 0)) {
      failures.add("no frames");
    } else if (Math.abs(meanBytes - wantedBytes) > tolerance()) {
      failures.add(
          String.format(Locale.ROOT, "%.1f bytes per frame, not %.1f", meanBytes, wantedBytes));
    }
    if (balance < LEAST_BALANCE) {
      failures.add(
          String.format(Locale.ROOT, "one direction at %.0f %% of the other", 100 * balance));
    }
    return failures;
  }

  /// As above, with the side that it is about.
  List<String> failures(String side) {
    return failures().stream().map(failure -> side + ": " + failure).toList();
  }

  /// Frames of one length have exactly that.
  private double tolerance() {
    return wantedBytes == Math.rint(wantedBytes) ? 0.01 : BYTES_TOLERANCE * wantedBytes;
  }
}
