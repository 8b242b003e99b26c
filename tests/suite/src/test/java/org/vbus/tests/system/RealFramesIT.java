package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Frames of two kernels through taps, switches, rings and a guest.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealFramesIT {
  private static final int FILE_BYTES = 32 << 20;

  /// What may be on the way, in socket buffers and queues, when iperf3 stops counting.
  private static final long IN_FLIGHT = 16 << 20;

  private Path dir;
  private WireLab lab;

  @BeforeAll
  void start(@TempDir Path shared) throws IOException {
    dir = shared;
    Requirements.namespacesAnd("ping", "iperf3", "tcpdump");
    lab = new WireLab(dir, "ring");
    lab.serve();
  }

  @AfterAll
  void stop() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void kernelsReachEachOther() {
    lab.ping(5, "-i", "0.05");
  }

  @Test
  void aFullFramePassesUnfragmented() {
    lab.ping(5, "-i", "0.05", "-M", "do", "-s", "1472");
  }

  @Test
  void aThousandPingsBackToBackAllComeBack() {
    lab.ping(1000, "-i", "0.002");
  }

  @ParameterizedTest
  @ValueSource(strings = {"A sends", "B sends"})
  void tcpDeliversWhatIsSent(String direction) {
    Config end =
        direction.startsWith("A")
            ? lab.iperf("--time", "2")
            : lab.iperf("--time", "2", "--reverse");
    long sent = end.getLong("sum_sent.bytes");
    long received = end.getLong("sum_received.bytes");
    System.out.printf(
        "tcp, %s: %.0f Mbit/s%n", direction, end.getDouble("sum_received.bits_per_second") / 1e6);
    assertThat(received).isPositive().isBetween(sent - IN_FLIGHT, sent);
  }

  /// The kernel's counters of the taps tell the loss on the way through vbus; what iperf3 reports
  /// includes what its server was too slow to read.
  @Test
  void datagramsAtAModerateRatePassWithHardlyALoss() {
    Traffic before = Traffic.now(lab);
    Config end = lab.iperf("--udp", "--bitrate", "30M", "--length", "1400", "--time", "2");
    Traffic after = Traffic.now(lab);

    long datagrams = end.getLong("sum_sent.bytes") / 1400;
    long read = end.getLong("sum_received.bytes") / 1400;
    assertThat(end.getLong("sum_sent.packets")).isEqualTo(datagrams).isGreaterThan(1000);
    assertThat(read).isPositive().isLessThanOrEqualTo(datagrams);

    long frames = after.outOfA - before.outOfA + after.droppedBeforeA - before.droppedBeforeA;
    long arrived = after.intoB - before.intoB;
    System.out.printf(
        "udp: %d datagrams, iperf3 read %d, vbus lost %d of %d frames%n",
        datagrams, read, frames - arrived, frames);
    assertThat(frames).isGreaterThanOrEqualTo(datagrams);
    // Counters are read one after the other, so a frame may arrive that had not been counted.
    assertThat(frames - arrived).isBetween(-4L, datagrams / 100);
    if (frames == arrived) {
      assertThat(after.bytesIntoB - before.bytesIntoB)
          .isEqualTo(after.bytesOutOfA - before.bytesOutOfA);
    }
  }

  /// Counters of both taps, in frames and bytes.
  private record Traffic(
      long outOfA, long bytesOutOfA, long droppedBeforeA, long intoB, long bytesIntoB) {
    static Traffic now(WireLab lab) {
      return new Traffic(
          Namespaces.counter(lab.a, WireLab.TAP_A, "tx_packets"),
          Namespaces.counter(lab.a, WireLab.TAP_A, "tx_bytes"),
          Namespaces.counter(lab.a, WireLab.TAP_A, "tx_dropped"),
          Namespaces.counter(lab.b, WireLab.TAP_B, "rx_packets"),
          Namespaces.counter(lab.b, WireLab.TAP_B, "rx_bytes"));
    }
  }

  @Test
  void aFileArrivesAsItWasSent() throws Exception {
    lab.carriesAFile(FILE_BYTES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "polled"})
  void everySignalPolicyCarriesTraffic(String policy) throws IOException {
    try (WireLab other = new WireLab(dir, policy)) {
      other.ping(20, "-i", "0.01");
      other.serve();
      Config end = other.iperf("--time", "1");
      assertThat(end.getLong("sum_received.bytes")).isPositive();
      assertThat(other.host().signal("TERM").status()).isEqualTo(143);
    }
  }

  @Test
  void theCaptureHoldsTheConversation(@TempDir Path own) throws IOException {
    try (WireLab captured = new WireLab(own, "ring")) {
      captured.ping(20, "-i", "0.01");
      captured.serve();
      long received = captured.iperf("--bytes", "1M").getLong("sum_received.bytes");
      HostProcess.Stop _ = captured.host().signal("TERM");

      // Seen on both ports of switch a: once coming in, once going out.
      assertThat(packets(captured.capture, "icmp[icmptype] == icmp-echo")).isEqualTo(40);
      assertThat(packets(captured.capture, "icmp[icmptype] == icmp-echoreply")).isEqualTo(40);
      assertThat(packets(captured.capture, "arp and arp[6:2] == 1")).isPositive();
      assertThat(packets(captured.capture, "arp and arp[6:2] == 2")).isPositive();
      assertThat(payload(captured.capture, "tcp dst port " + WireLab.IPERF_PORT))
          .isGreaterThanOrEqualTo(2 * received);
      assertThat(received).isGreaterThan(100_000);
      assertThat(packets(captured.capture, "tcp src port " + WireLab.IPERF_PORT)).isPositive();
    }
  }

  /// Frames that pass a filter, as tcpdump counts them.
  private static long packets(Path capture, String filter) {
    return dump(capture, filter).count();
  }

  /// Bytes of TCP payload in the packets that pass a filter, which are larger than a frame where
  /// segmentation is left to others.
  private static long payload(Path capture, String filter) {
    return dump(capture, filter)
        .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static Stream<String> dump(Path capture, String filter) {
    return Run.of("tcpdump", "-Z", "root", "-n", "-q", "-r", capture.toString(), filter)
        .ok()
        .out()
        .lines();
  }
}
