package org.vbus.bench.load;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What to measure, and how thoroughly.
///
/// @param sides whom
/// @param parts what
/// @param rounds in which everybody has a turn
/// @param packed whether rings are packed
/// @param firstWarmUp load before the first turn of ours: both JVMs compile meanwhile
/// @param warmUp load before every window
/// @param window of a step
/// @param trial window of a step of the search for the highest rate without loss
/// @param idle time in which nothing happens and the back-end is looked at
/// @param idleDevices that are attached then to one back-end of ours, 2 at least; 0 leaves that out
/// @param pauses times between two frames of the series that measure waking up
/// @param afterPause frames of each such series
/// @param spin how long the loops of [Side#VBUS] spin, null for as long as they do by default
public record LoadOptions(
    Set<Side> sides,
    Set<Part> parts,
    int rounds,
    boolean packed,
    Duration firstWarmUp,
    Duration warmUp,
    Duration window,
    Duration trial,
    Duration idle,
    int idleDevices,
    List<Duration> pauses,
    List<Integer> afterPause,
    @Nullable Duration spin) {

  /// Who is measured.
  public enum Side {
    /// `vbus host` with loops as they are by default: they spin for a while, then sleep.
    VBUS("vbus"),
    /// `vbus host` with a loop that always spins.
    SPIN("vbus-spin"),
    /// DPDK's net_vhost, forwarded from port to port without a look.
    TESTPMD("testpmd"),
    /// Open vSwitch on DPDK, action NORMAL.
    OVS("ovs");

    private final String text;

    Side(String text) {
      this.text = text;
    }

    /// As in options and reports.
    public String text() {
      return text;
    }

    /// Whether it is this project.
    boolean isOurs() {
      return this == VBUS || this == SPIN;
    }
  }

  /// What is measured.
  public enum Part {
    /// From a thousand frames per second to more than go through.
    SWEEP,
    /// Round trips at parts of the highest rate without loss.
    LATENCY,
    /// Nothing at all, and single frames after a pause.
    IDLE
  }

  /// Copies the collections and checks the numbers.
  ///
  /// @throws IllegalArgumentException naming the value
  public LoadOptions {
    sides = EnumSet.copyOf(sides);
    parts = EnumSet.copyOf(parts);
    pauses = List.copyOf(pauses);
    afterPause = List.copyOf(afterPause);
    if (rounds < 1 || rounds > 99) {
      throw new IllegalArgumentException("rounds are 1 to 99: " + rounds);
    }
    if (window.toMillis() < 20) {
      throw new IllegalArgumentException("a window lasts at least 20 ms, not " + window);
    }
    if (idleDevices < 0 || idleDevices == 1 || idleDevices > 250) {
      throw new IllegalArgumentException("idle devices are 2 to 250, or 0: " + idleDevices);
    }
  }

  /// Three rounds of everybody, about ten minutes.
  public static LoadOptions full() {
    return new LoadOptions(
        EnumSet.allOf(Side.class),
        EnumSet.allOf(Part.class),
        3,
        false,
        Duration.ofSeconds(8),
        Duration.ofMillis(150),
        Duration.ofMillis(600),
        Duration.ofMillis(250),
        Duration.ofSeconds(5),
        100,
        List.of(Duration.ofMillis(1), Duration.ofMillis(10), Duration.ofMillis(100)),
        List.of(500, 100, 30),
        null);
  }

  /// One round with short windows, about two minutes.
  public static LoadOptions quick() {
    LoadOptions full = full();
    return new LoadOptions(
        EnumSet.of(Side.VBUS, Side.TESTPMD, Side.OVS),
        full.parts,
        1,
        false,
        Duration.ofSeconds(5),
        Duration.ofMillis(50),
        Duration.ofMillis(250),
        Duration.ofMillis(120),
        Duration.ofSeconds(2),
        full.idleDevices,
        full.pauses,
        List.of(200, 50, 10),
        null);
  }

  /// The same for these only.
  public LoadOptions withSides(Set<Side> others) {
    return new LoadOptions(
        others,
        parts,
        rounds,
        packed,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        idleDevices,
        pauses,
        afterPause,
        spin);
  }

  /// These parts only.
  public LoadOptions withParts(Set<Part> others) {
    return new LoadOptions(
        sides,
        others,
        rounds,
        packed,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        idleDevices,
        pauses,
        afterPause,
        spin);
  }

  /// So many rounds.
  public LoadOptions withRounds(int number) {
    return new LoadOptions(
        sides,
        parts,
        number,
        packed,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        idleDevices,
        pauses,
        afterPause,
        spin);
  }

  /// Windows of this length, also those of the search.
  public LoadOptions withWindow(Duration length) {
    return new LoadOptions(
        sides,
        parts,
        rounds,
        packed,
        firstWarmUp,
        warmUp,
        length,
        length,
        idle,
        idleDevices,
        pauses,
        afterPause,
        spin);
  }

  /// Packed rings or split ones.
  public LoadOptions withPacked(boolean on) {
    return new LoadOptions(
        sides,
        parts,
        rounds,
        on,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        idleDevices,
        pauses,
        afterPause,
        spin);
  }

  /// Loops that spin for so long.
  public LoadOptions withSpin(Duration time) {
    return new LoadOptions(
        sides,
        parts,
        rounds,
        packed,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        idleDevices,
        pauses,
        afterPause,
        time);
  }

  /// So many idle devices.
  public LoadOptions withIdleDevices(int number) {
    return new LoadOptions(
        sides,
        parts,
        rounds,
        packed,
        firstWarmUp,
        warmUp,
        window,
        trial,
        idle,
        number,
        pauses,
        afterPause,
        spin);
  }
}
