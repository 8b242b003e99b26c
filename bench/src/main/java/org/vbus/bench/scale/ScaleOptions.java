package org.vbus.bench.scale;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/// What to measure, and how thoroughly.
///
/// @param parts of [#PARTS]
/// @param connectors of [#CONNECTORS]
/// @param devices numbers of attached devices
/// @param idle during which the processor time of an idle host is counted
/// @param load during which frames are counted
/// @param addresses sizes of the MAC table
/// @param starts of each program
public record ScaleOptions(
    Set<String> parts,
    Set<String> connectors,
    List<Integer> devices,
    Duration idle,
    Duration load,
    List<Integer> addresses,
    int starts) {
  /// Everything that can be measured.
  public static final Set<String> PARTS = Set.of("devices", "macs", "start");

  /// How devices can be reached.
  public static final Set<String> CONNECTORS = Set.of("loopback", "vhost-user");

  /// Most devices: the places of one bus.
  private static final int MOST_DEVICES = 4096;

  /// Most addresses that a switch may be configured for.
  private static final int MOST_ADDRESSES = 4_194_304;

  /// Checks the values and copies the collections.
  ///
  /// @throws IllegalArgumentException naming the value
  public ScaleOptions {
    parts = Set.copyOf(parts);
    connectors = Set.copyOf(connectors);
    devices = List.copyOf(devices);
    addresses = List.copyOf(addresses);
    known("part", parts, PARTS);
    known("connector", connectors, CONNECTORS);
    between("devices", devices, MOST_DEVICES);
    between("addresses", addresses, MOST_ADDRESSES);
    between("starts", List.of(starts), 1000);
  }

  private static void known(String what, Set<String> asked, Set<String> all) {
    for (String name : asked) {
      if (!all.contains(name)) {
        throw new IllegalArgumentException(
            "no %s %s; there are %s".formatted(what, name, all.stream().sorted().toList()));
      }
    }
  }

  private static void between(String what, List<Integer> numbers, int most) {
    for (int number : numbers) {
      if (number < 1 || number > most) {
        throw new IllegalArgumentException("%s from 1 to %d: %d".formatted(what, most, number));
      }
    }
  }

  /// Everything, up to a thousand devices and a million addresses, eleven starts.
  public static ScaleOptions full() {
    return new ScaleOptions(
        PARTS,
        CONNECTORS,
        List.of(1, 10, 100, 1000),
        Duration.ofSeconds(5),
        Duration.ofSeconds(2),
        List.of(10, 100, 1000, 10_000, 100_000, 1_000_000),
        11);
  }

  /// The same with short windows and seven starts.
  public static ScaleOptions quick() {
    ScaleOptions full = full();
    return new ScaleOptions(
        full.parts,
        full.connectors,
        full.devices,
        Duration.ofSeconds(3),
        Duration.ofMillis(500),
        full.addresses,
        7);
  }

  /// The same for these parts only.
  public ScaleOptions parts(Set<String> chosen) {
    return new ScaleOptions(chosen, connectors, devices, idle, load, addresses, starts);
  }

  /// The same over these connectors only.
  public ScaleOptions connectors(Set<String> chosen) {
    return new ScaleOptions(parts, chosen, devices, idle, load, addresses, starts);
  }

  /// The same with so many devices.
  public ScaleOptions devices(List<Integer> numbers) {
    return new ScaleOptions(parts, connectors, numbers, idle, load, addresses, starts);
  }

  /// The same with so many addresses.
  public ScaleOptions addresses(List<Integer> numbers) {
    return new ScaleOptions(parts, connectors, devices, idle, load, numbers, starts);
  }

  /// The same with so many starts.
  public ScaleOptions starts(int number) {
    return new ScaleOptions(parts, connectors, devices, idle, load, addresses, number);
  }
}
