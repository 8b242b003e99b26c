package org.vbus.tests.system;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Prints what two guests get out of each of several networks between them: medians over rounds, in
/// each of which all networks take their turn. Nothing is asserted. Not part of the build; started
/// by name, on a machine that has nothing else to do:
///
/// ```
/// ./mvnw verify -pl tests/suite -am -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=GuestTable
/// ```
///
/// `-Dguests.qemu=V7_2` or `V10`, `-Dguests.networks=stream,bridge,testpmd,vbus` and
/// `-Dguests.rounds=N` choose; `-Dguests.bus=OPTIONS` and `-Dguests.device=OPTIONS` configure vbus,
/// see [GuestLab].
class GuestTable {
  private static final int PINGS = 2000;
  private static final int SECONDS = 3;

  /// Heading of a column, and how its figures are printed.
  private enum Column {
    RTT("RTT p50 us", "%.0f"),
    FRAMES("frames 64 B kpps", "%.0f"),
    TX_INTERRUPTS("irq/frame TX", "%.3f"),
    RX_INTERRUPTS("irq/frame RX", "%.3f"),
    UDP_64("UDP 64 B kpps", "%.1f"),
    UDP_1400("UDP 1400 B Mb/s", "%.0f"),
    TCP("TCP Mb/s", "%.0f"),
    TCP_REVERSE("TCP reverse Mb/s", "%.0f");

    private final String heading;
    private final String format;

    Column(String heading, String format) {
      this.heading = heading;
      this.format = format;
    }
  }

  private final Map<String, List<double[]>> rows = new LinkedHashMap<>();

  @Test
  void printsATable(@TempDir Path dir) throws IOException {
    Requirements.guests();
    Requirements.qemu10();
    Requirements.namespacesAnd("iperf3", "dpdk-testpmd", "stdbuf");
    int rounds = Integer.getInteger("guests.rounds", 3);
    for (int round = 0; round < rounds; round++) {
      for (String version : choice("guests.qemu", "V7_2,V10")) {
        for (String name : choice("guests.networks", "stream,bridge,testpmd,vbus")) {
          Path own = Files.createDirectory(dir.resolve(name + version + round));
          try (GuestNetwork network = network(name, own)) {
            rows.computeIfAbsent("| %s | %s |".formatted(name, version), _ -> new ArrayList<>())
                .add(row(Qemu.valueOf(version), network, own));
          }
        }
      }
    }
    print();
  }

  private void print() {
    StringBuilder table = new StringBuilder("| between the guests | QEMU |");
    for (Column column : Column.values()) {
      table.append(" %s |".formatted(column.heading));
    }
    table.append("\n").append("|---".repeat(Column.values().length + 2)).append("|\n");
    rows.forEach((name, rounds) -> {
      table.append(name);
      for (Column column : Column.values()) {
        double[] sorted =
            rounds.stream().mapToDouble(row -> row[column.ordinal()]).sorted().toArray();
        table.append((" " + column.format + " |").formatted(sorted[sorted.length / 2]));
      }
      table.append("\n");
    });
    System.out.print(table);
  }

  private static List<String> choice(String property, String all) {
    return List.of(System.getProperty(property, all).split(",", -1));
  }

  private static GuestNetwork network(String name, Path dir) {
    return switch (name) {
      case "stream" -> GuestNetwork.stream(dir);
      case "bridge" -> GuestNetwork.bridge();
      case "testpmd" -> GuestNetwork.testpmd(dir);
      case "vbus" ->
          GuestNetwork.vbus(
              dir, System.getProperty("guests.bus", ""), System.getProperty("guests.device", ""));
      default -> throw new IllegalArgumentException("guests.networks: no network " + name);
    };
  }

  /// A figure per column.
  private static double[] row(Qemu version, GuestNetwork network, Path dir) {
    try (LinuxGuest a = network.plug(guest(dir, "a", version), 0).start();
        LinuxGuest b = network.plug(guest(dir, "b", version), 1).start()) {
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      List<Double> times = traffic.ping(PINGS);
      Small small = Small.run(traffic);
      return new double[] {
        times.get(PINGS / 2),
        small.rate / 1e3,
        small.sent,
        small.received,
        bytes(traffic.iperf(udp(64))) / 64 / 1e3 / SECONDS,
        megabits(traffic.iperf(udp(1400))),
        megabits(traffic.iperf("--time " + SECONDS)),
        megabits(traffic.iperf("--reverse --time " + SECONDS))
      };
    }
  }

  private static String udp(int length) {
    return "--udp --bitrate 0 --length %d --time %d".formatted(length, SECONDS);
  }

  private static GuestBuilder guest(Path dir, String name, Qemu version) {
    return new GuestBuilder(dir, name).qemu(version).programs("iperf3").modules("pktgen");
  }

  private static double bytes(Config end) {
    return end.getLong("sum_received.bytes");
  }

  private static double megabits(Config end) {
    return 8 * bytes(end) / 1e6 / SECONDS;
  }

  /// Frames of 64 bytes, as many as the client's kernel can send.
  ///
  /// @param rate at which they arrived, in frames per second
  /// @param sent interrupts of the sender's card per frame it sent
  /// @param received interrupts of the receiver's card per frame that arrived
  private record Small(double rate, double sent, double received) {
    static Small run(GuestTraffic traffic) {
      String client = card(traffic.client());
      String server = card(traffic.server());
      long before = traffic.client().interrupts(client);
      long behind = traffic.server().interrupts(server);
      GuestTraffic.Flood flood = traffic.flood(SECONDS);
      double tx = traffic.client().interrupts(client) - before;
      double rx = traffic.server().interrupts(server) - behind;
      return new Small(
          (double) flood.received() / SECONDS, tx / flood.sent(), rx / flood.received());
    }

    private static String card(LinuxGuest guest) {
      return guest.virtio("eth0") + "(-|$)";
    }
  }
}
