package org.vbus.cli;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.load.LoadOptions;
import org.vbus.bench.load.LoadOptions.Part;
import org.vbus.bench.load.LoadOptions.Side;
import org.vbus.bench.peers.Cores;
import picocli.CommandLine.Option;

/// The options of `vbus bench` that are about offered loads.
final class LoadBenchOptions {
  @Option(
      names = "--load",
      required = true,
      description =
          "Offer frames at rates from a thousand per second to more than go through, and measure what"
              + " comes back, when, and what it costs; testpmd and Open vSwitch too where they are.")
  @SuppressWarnings("UnusedVariable") // that it is there is what counts
  private boolean load;

  @Option(
      names = "--load-sides",
      split = ",",
      paramLabel = "SIDE",
      description =
          "With --load: vbus, vbus-spin (its loop never sleeps), testpmd, ovs. Default: all; with"
              + " --quick without vbus-spin.")
  private @Nullable List<String> sides;

  @Option(
      names = "--load-parts",
      split = ",",
      paramLabel = "PART",
      description =
          "With --load: sweep, latency (round trips at parts of the highest rate without loss), idle.")
  private @Nullable List<String> parts;

  @Option(
      names = "--load-ring",
      paramLabel = "RING",
      description = "With --load: split, packed. Default: split")
  private @Nullable String ring;

  @Option(
      names = "--load-rounds",
      paramLabel = "N",
      description = "With --load: turns of each side, of which medians are taken.")
  private int rounds;

  @Option(
      names = "--load-window",
      paramLabel = "MILLIS",
      description = "With --load: time of each step.")
  private int window;

  @Option(
      names = "--load-devices",
      paramLabel = "N",
      description = "With --load: devices that are attached and idle. Default: 100")
  private int devices = -1;

  @Option(
      names = "--load-spin",
      paramLabel = "MICROS",
      description = "With --load: how long the loop of side vbus spins, if not as by default.")
  private int spin = -1;

  @Option(
      names = "--load-cores",
      split = ",",
      arity = "1",
      paramLabel = "N",
      description = "With --load: processors of the back-end and of the guests. Default: 0,1")
  private List<Integer> cores = List.of(0, 1);

  LoadBenchOptions() {}

  /// What to measure.
  ///
  /// @throws IllegalArgumentException naming what cannot be
  LoadOptions options(boolean quick) {
    LoadOptions options = quick ? LoadOptions.quick() : LoadOptions.full();
    if (sides != null) {
      options = options.withSides(sides(sides));
    }
    if (parts != null) {
      options = options.withParts(parts(parts));
    }
    if (ring != null) {
      options = options.withPacked(packed(ring));
    }
    if (rounds != 0) {
      options = options.withRounds(rounds);
    }
    if (window != 0) {
      options = options.withWindow(Duration.ofMillis(window));
    }
    if (spin >= 0) {
      options = options.withSpin(Duration.ofNanos(1000L * spin));
    }
    return devices < 0 ? options : options.withIdleDevices(devices);
  }

  private static Set<Side> sides(List<String> texts) {
    Set<Side> all = EnumSet.noneOf(Side.class);
    for (String text : texts) {
      all.add(
          EnumSet.allOf(Side.class).stream()
              .filter(side -> side.text().equals(text))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "side is one of vbus, vbus-spin, testpmd, ovs: " + text)));
    }
    return all;
  }

  private static Set<Part> parts(List<String> texts) {
    Set<Part> all = EnumSet.noneOf(Part.class);
    for (String text : texts) {
      try {
        all.add(Part.valueOf(text.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException _) {
        throw new IllegalArgumentException("part is one of sweep, latency, idle: " + text);
      }
    }
    return all;
  }

  private static boolean packed(String text) {
    return switch (text) {
      case "packed" -> true;
      case "split" -> false;
      default -> throw new IllegalArgumentException("ring is packed or split: " + text);
    };
  }

  /// Where.
  ///
  /// @throws IllegalArgumentException when they are not two
  Cores cores() {
    if (cores.size() != 2) {
      throw new IllegalArgumentException("cores are two processors, such as 0,1: " + cores);
    }
    return new Cores(cores.get(0), cores.get(1));
  }
}
