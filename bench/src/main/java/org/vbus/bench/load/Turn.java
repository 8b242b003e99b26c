package org.vbus.bench.load;

import java.time.Duration;
import java.util.Locale;
import org.vbus.bench.Progress;
import org.vbus.bench.peers.CoreProbe;
import org.vbus.bench.peers.Distance;
import org.vbus.bench.peers.Pause;
import org.vbus.bench.report.LoadReport;
import org.vbus.bench.report.LoadSample;

/// What is measured of one contestant in one round.
final class Turn {
  private static final double FIRST_RATE = 1e3;
  private static final double MILLION = 1e6;
  private static final double MOST = 40e6;

  /// Steps of a sweep up to where a contestant usually ends, for estimates.
  private static final int USUAL_STEPS = 15;

  private static final double[] PARTS = {0.1, 0.5, 0.9};
  private static final double[] SAME_RATES = {1e4, 1e5, 1e6};
  private static final double FIRST_TRIAL = 2.5e5;
  private static final double PRECISION = 1.05;
  private static final int TRIALS = 3;
  private static final int USUAL_TRIALS = 16;
  private static final Duration TRIAL_WARM_UP = Duration.ofMillis(20);
  private static final Duration SETTLE = Duration.ofMillis(500);
  private static final String POLL = "poll";
  private static final String INTERRUPTS = "take interrupts";

  private final Contestant contestant;
  private final LoadOptions options;
  private final Collected collected;
  private final Progress progress;
  private final CoreProbe probe;

  Turn(
      Contestant contestant,
      LoadOptions options,
      Collected collected,
      CoreProbe probe,
      Progress progress) {
    this.probe = probe;
    this.contestant = contestant;
    this.options = options;
    this.collected = collected;
    this.progress = progress;
  }

  /// Load without a look, of every kind, until a JVM has compiled.
  static void warmUp(Contestant contestant, Duration time) {
    Duration part = time.dividedBy(4);
    for (Offer offer :
        new Offer[] {
          new Offer(3e5, false, true, Duration.ZERO, part),
          new Offer(4e6, false, false, Duration.ZERO, part),
          new Offer(2e6, true, false, Duration.ZERO, part),
          new Offer(5e3, true, true, Duration.ZERO, part)
        }) {
      Outcome _ = contestant.run(offer);
    }
  }

  /// How long a turn usually takes.
  static Duration usual(LoadOptions options) {
    Duration step = options.warmUp().plus(options.window()).plusMillis(60);
    Duration all = Duration.ZERO;
    if (options.parts().contains(LoadOptions.Part.SWEEP)) {
      all = all.plus(step.multipliedBy(2 * USUAL_STEPS));
    }
    if (options.parts().contains(LoadOptions.Part.LATENCY)) {
      all = all.plus(step.multipliedBy(PARTS.length + SAME_RATES.length));
      all = all.plus(options.trial().plus(TRIAL_WARM_UP).multipliedBy(USUAL_TRIALS));
    }
    if (options.parts().contains(LoadOptions.Part.IDLE)) {
      all = all.plus(pauses(options));
    }
    return all;
  }

  /// How long the series of frames after pauses take.
  static Duration pauses(LoadOptions options) {
    Duration all = Duration.ZERO;
    for (int i = 0; i < options.pauses().size(); i++) {
      all = all.plus(options.pauses().get(i).multipliedBy(options.afterPause().get(i) + 1));
    }
    return all;
  }

  /// From a thousand frames per second until less comes out than goes in; guests that poll, and
  /// guests that take interrupts.
  void sweep() {
    sweep(false);
    sweep(true);
  }

  private void sweep(boolean interrupts) {
    String guests = interrupts ? INTERRUPTS : POLL;
    boolean saturated = false;
    for (double rate = FIRST_RATE; !saturated && rate <= MOST; rate = next(rate)) {
      progress.step("%s frames per second, guests that %s".formatted(text(rate), guests));
      LoadSample sample = sample(offer(rate, false, interrupts));
      collected.add(LoadReport.SWEEP, contestant.name(), guests, text(rate), sample);
      saturated = sample.saturated();
    }
  }

  private LoadSample sample(Offer offer) {
    return contestant.sample(offer, distance());
  }

  /// Of both processors, with nobody polling.
  private String distance() {
    contestant.stop();
    String distance = Distance.of(probe.nanos()).text();
    contestant.resume();
    return distance;
  }

  /// The rate after `rate`: one, two and five of each power of ten, then millions. 20000 is among
  /// them, where a loop that spins for 50 us has frames just in time.
  static double next(double rate) {
    if (rate >= MILLION) {
      return rate + MILLION;
    }
    double decade = Math.pow(10, Math.floor(Math.log10(rate) + 1e-9));
    return decade * (rate < 1.5 * decade ? 2 : rate < 3 * decade ? 5 : 10);
  }

  private Offer offer(double rate, boolean reflect, boolean interrupts) {
    return new Offer(rate, reflect, interrupts, options.warmUp(), options.window());
  }

  /// Round trips at parts of the highest rate without loss, which is looked for, and at the same
  /// rates for everybody.
  void roundTrips() {
    String before = distance();
    double highest = NoDropSearch.search(FIRST_TRIAL, MOST, PRECISION, this::holds);
    collected.rate(contestant.name(), highest, before);
    if (highest > 0) {
      for (double part : PARTS) {
        String load = String.format(Locale.ROOT, "%.0f %%", 100 * part);
        roundTrip(LoadReport.ROUND_TRIP, load, part * highest);
      }
    }
    for (double rate : SAME_RATES) {
      roundTrip(LoadReport.SAME_RATE, text(rate), rate);
    }
  }

  private boolean holds(double rate) {
    Offer offer = new Offer(rate, true, false, TRIAL_WARM_UP, options.trial());
    for (int i = 0; i < TRIALS; i++) {
      progress.step("%.2f million round trips per second, without loss?".formatted(rate / MILLION));
      if (contestant.run(offer).clean()) {
        return true;
      }
    }
    return false;
  }

  private void roundTrip(String part, String load, double rate) {
    progress.step("%.2f million round trips per second".formatted(rate / MILLION));
    LoadSample sample = sample(offer(rate, true, false));
    collected.add(part, contestant.name(), POLL, load, sample);
  }

  /// Single frames with a pause before each.
  void pauses() {
    for (int i = 0; i < options.pauses().size(); i++) {
      Duration pause = options.pauses().get(i);
      progress.step("a frame every %d ms".formatted(pause.toMillis()));
      Duration window = pause.multipliedBy(options.afterPause().get(i));
      Offer offer = new Offer(1e9 / pause.toNanos(), false, false, pause, window);
      String load = pause.toMillis() + " ms";
      collected.add(LoadReport.PAUSE, name(), POLL, load, sample(offer));
    }
  }

  /// Nothing at all.
  void idle() {
    progress.step("idle");
    Pause.of(SETTLE);
    collected.idle(contestant.name(), contestant.devices(), contestant.idle(options.idle()));
  }

  /// More than two devices are worth mentioning.
  private String name() {
    return contestant.devices() == 2
        ? contestant.name()
        : "%s, %d devices".formatted(contestant.name(), contestant.devices());
  }

  private static String text(double rate) {
    return rate >= MILLION
        ? String.format(Locale.ROOT, "%.0fM", rate / MILLION)
        : String.format(Locale.ROOT, "%.0fk", rate / 1000);
  }
}
