package org.vbus.bench.peers;

import java.time.Duration;
import org.vbus.bench.Progress;

/// Says on the terminal what is planned, what is done now, and how long it may take yet.
final class Clock {
  private final int scenarios;
  private final PeerOptions options;
  private final Progress progress;
  private long start;
  private int done;
  private String current = "";

  Clock(int scenarios, PeerOptions options, Progress progress) {
    this.scenarios = scenarios;
    this.options = options;
    this.progress = progress;
  }

  /// The whole.
  void plan() {
    start = System.nanoTime();
    progress.step(
        "%d comparisons of %d pairs, about %s"
            .formatted(
                scenarios, options.pairs(), text(options.perScenario().multipliedBy(scenarios))));
  }

  void begin(Scenario scenario) {
    current = scenario.text();
  }

  void step(String what) {
    progress.step(
        "%d of %d: %s, %s; about %s left"
            .formatted(done + 1, scenarios, current, what, text(left())));
  }

  void end() {
    done++;
  }

  /// By what the others took, once there are some.
  private Duration left() {
    Duration each =
        done == 0
            ? options.perScenario()
            : Duration.ofNanos(System.nanoTime() - start).dividedBy(done);
    return each.multipliedBy(scenarios - done);
  }

  private static String text(Duration time) {
    long seconds = time.toSeconds();
    return seconds < 90 ? seconds + " s" : (seconds + 30) / 60 + " min";
  }
}
