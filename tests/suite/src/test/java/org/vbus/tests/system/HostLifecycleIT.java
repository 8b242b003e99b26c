package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Start, status, stop and restart of `vbus host` while frames flow.
class HostLifecycleIT {
  private static final int SECTION_HEADER = 0x0A0D0D0A;
  private static final int INTERFACE_DESCRIPTION = 1;
  private static final int INTERFACE_STATISTICS = 5;

  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.namespacesAnd("ping", "iperf3", "tcpdump");
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143, ring", "INT, 130, ring", "TERM, 143, direct", "TERM, 143, polled"})
  void aSignalStopsALoadedHostWithNothingLeftBehind(String signal, int status, String policy)
      throws IOException {
    try (WireLab lab = new WireLab(dir, policy)) {
      lab.serve();
      Process load = lab.load("--time", "20");
      awaitTraffic(lab);

      HostProcess.Stop stop = lab.host().signal(signal);
      System.out.printf(
          "stop of a loaded host, %s, SIG%s: %d ms%n", policy, signal, stop.took().toMillis());

      assertThat(stop.status()).isEqualTo(status);
      assertThat(stop.took()).isLessThan(Duration.ofSeconds(2));
      assertThat(Namespaces.interfaces(lab.a)).isEmpty();
      assertThat(Namespaces.interfaces(lab.b)).isEmpty();
      assertThat(lab.host().err().lines()).hasSize(1);
      assertComplete(lab.capture);
      Run.kill(load);
    }
  }

  @Test
  void aHostStartsAgainAtOnce() throws IOException {
    try (WireLab lab = new WireLab(dir, "ring")) {
      lab.ping(5, "-i", "0.02");
      HostProcess.Stop _ = lab.host().signal("TERM");
      lab.restart();
      lab.ping(5, "-i", "0.02");
    }
  }

  @Test
  void theStatusTableShowsPortsRatesDropsAndExits() throws IOException {
    try (WireLab lab = new WireLab(dir, "ring", "--status", "1")) {
      lab.serve();
      Process load = lab.load("--time", "20");
      awaitTraffic(lab);
      // The first one may be of too little, and TCP may pause on a busy machine.
      HostProcess.await(
          "a table of traffic",
          () -> tables(lab.host().out()).stream().anyMatch(HostLifecycleIT::flows));
      List<String> table =
          tables(lab.host().out()).stream()
              .filter(HostLifecycleIT::flows)
              .findFirst()
              .orElseThrow();
      Run.kill(load);

      assertThat(words(table.getFirst()))
          .containsExactly(
              "port", "link", "in", "pkt/s", "in", "Mbit/s", "out", "pkt/s", "out", "Mbit/s",
              "drops", "dropped", "so", "far");
      assertThat(table.stream().map(line -> words(line).getFirst()))
          .containsExactlyInAnyOrder(
              "port", "a/uplink", "a/vm.eth0", "b/uplink", "b/vm.eth1", "bus", "vm");
      assertThat(row(table, "a/uplink").get(1)).isEqualTo("up");
      assertThat(Long.parseLong(row(table, "a/uplink").get(6))).as("drops").isNotNegative();
      assertThat(row(table, "vm").get(1)).as("devices").isEqualTo("2");
    }
  }

  /// Whether a complete table shows traffic: packets and bits in and out of a port, I/O and exits
  /// of the bus.
  private static boolean flows(List<String> table) {
    if (table.size() != 7) {
      return false;
    }
    List<String> port = row(table, "a/uplink");
    List<String> bus = row(table, "vm");
    return Stream.concat(port.subList(2, 6).stream(), bus.subList(2, 4).stream())
        .allMatch(number -> Double.parseDouble(number) > 0);
  }

  private static List<List<String>> tables(String out) {
    List<List<String>> tables = new ArrayList<>();
    String whole = out.substring(0, out.lastIndexOf('\n') + 1);
    for (String line : whole.lines().toList()) {
      if (line.isBlank()) {
        tables.add(new ArrayList<>());
      } else {
        tables.getLast().add(line);
      }
    }
    return tables;
  }

  private static List<String> row(List<String> table, String name) {
    return table.stream()
        .map(HostLifecycleIT::words)
        .filter(words -> words.getFirst().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> words(String line) {
    return List.of(line.strip().split("\\s+", -1));
  }

  private static void awaitTraffic(WireLab lab) {
    HostProcess.await(
        "traffic", () -> Namespaces.counter(lab.b, WireLab.TAP_B, "rx_packets") > 5_000);
  }

  /// Blocks fill the file exactly, and the last ones are the statistics of every interface.
  private static void assertComplete(Path capture) throws IOException {
    List<Integer> types = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(capture)).order(ByteOrder.nativeOrder());
    while (bytes.hasRemaining()) {
      int start = bytes.position();
      types.add(bytes.getInt(start));
      int length = bytes.getInt(start + 4);
      assertThat(length).isBetween(12, bytes.remaining());
      assertThat(bytes.getInt(start + length - 4)).isEqualTo(length);
      bytes.position(start + length);
    }
    int interfaces = (int) types.stream().filter(type -> type == INTERFACE_DESCRIPTION).count();
    assertThat(types.getFirst()).isEqualTo(SECTION_HEADER);
    assertThat(interfaces).isEqualTo(2);
    assertThat(types.subList(types.size() - interfaces, types.size()))
        .containsOnly(INTERFACE_STATISTICS);
    Run read =
        Run.of(
            Duration.ofSeconds(60),
            new ProcessBuilder("tcpdump", "-Z", "root", "-n", "-r", capture.toString()));
    assertThat(read.ok().err()).doesNotContain("truncated");
    assertThat(read.out().lines().count())
        .isEqualTo(types.stream().filter(type -> type == 6).count());
  }
}
