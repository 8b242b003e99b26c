package org.vbus.bench.peers;

import java.time.Duration;

/// How thoroughly to compare.
///
/// @param pairs runs of ours, each with one of theirs, that a scenario is to have
/// @param attempts tries per pair, those included that a gate discards
/// @param firstWarmUp load before the first run of a back-end of ours: the JVM compiles meanwhile
/// @param warmUp load before every window
/// @param window during which frames are counted
public record PeerOptions(
    int pairs, int attempts, Duration firstWarmUp, Duration warmUp, Duration window) {

  /// Checks the numbers.
  ///
  /// @throws IllegalArgumentException naming the value
  public PeerOptions {
    if (pairs < 1 || attempts < 1) {
      throw new IllegalArgumentException("at least one pair and one attempt: " + pairs);
    }
    if (window.toMillis() < 100) {
      throw new IllegalArgumentException("a window lasts at least 100 ms, not " + window);
    }
  }

  /// Five pairs, windows of two and a half seconds.
  public static PeerOptions full() {
    return new PeerOptions(5, 3, seconds(6), seconds(2), Duration.ofMillis(2500));
  }

  /// Three pairs, windows of two seconds.
  public static PeerOptions quick() {
    return new PeerOptions(3, 2, seconds(5), seconds(2), seconds(2));
  }

  /// The same with so many pairs.
  public PeerOptions withPairs(int number) {
    return new PeerOptions(number, attempts, firstWarmUp, warmUp, window);
  }

  /// The same with so many tries per pair.
  public PeerOptions withAttempts(int number) {
    return new PeerOptions(pairs, number, firstWarmUp, warmUp, window);
  }

  /// The same with a window of this length, and warming up for as long before it.
  public PeerOptions withWindow(Duration length) {
    return new PeerOptions(pairs, attempts, firstWarmUp, length, length);
  }

  private static Duration seconds(int n) {
    return Duration.ofSeconds(n);
  }

  /// What a comparison takes if nothing is discarded.
  Duration perScenario() {
    Duration run = warmUp.plus(window).plus(FrontEnd.OVERHEAD);
    return run.multipliedBy(2L * pairs).plus(firstWarmUp).plus(FrontEnd.OVERHEAD.multipliedBy(2));
  }
}
