package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.tests.system.WireLab.Wire;

/// Two kernels that leave checksums and segmentation to each other, over a wire on which some do
/// and some do not: every boundary between one that leaves work and one that takes none is a place
/// where it is done in software, and both kernels check the result.
class OffloadsIT {
  private static final String A6 = "fd73::1";
  private static final String B6 = "fd73::2";
  private static final int FILE_BYTES = 8 << 20;

  @BeforeAll
  static void require() {
    Requirements.namespacesAnd("iperf3");
  }

  @ParameterizedTest
  @CsvSource({"true, true, true, true", "true, false, false, false"})
  void tcpAndUdpPass(boolean tapA, boolean cards, boolean tapB, boolean guest, @TempDir Path dir)
      throws Exception {
    pass(tapA, cards, tapB, guest, dir);
  }

  @Tag("long")
  @ParameterizedTest
  @CsvSource({
    "true, false, true, true",
    "true, true, false, true",
    "false, true, false, true",
    "false, false, false, true",
    "true, false, true, false"
  })
  void tcpAndUdpPassBetweenOthers(
      boolean tapA, boolean cards, boolean tapB, boolean guest, @TempDir Path dir)
      throws Exception {
    pass(tapA, cards, tapB, guest, dir);
  }

  private static void pass(boolean tapA, boolean cards, boolean tapB, boolean guest, Path dir)
      throws Exception {
    Wire wire = new Wire(tapA, cards, tapB, guest);
    try (WireLab lab = new WireLab(dir, "ring", wire)) {
      Run.of("ip", "-n", lab.a, "addr", "add", A6 + "/64", "dev", WireLab.TAP_A, "nodad").ok();
      Run.of("ip", "-n", lab.b, "addr", "add", B6 + "/64", "dev", WireLab.TAP_B, "nodad").ok();
      lab.serve();
      System.out.printf(
          "%s: TCP over IPv4 %s, back %s; over IPv6 %s, back %s%n",
          wire,
          rate(lab.iperf("--time", "1")),
          rate(lab.iperf("--time", "1", "--reverse")),
          rate(lab.iperfTo(B6, "--time", "1")),
          rate(lab.iperfTo(B6, "--time", "1", "--reverse")));
      for (String address : new String[] {WireLab.ADDRESS_B, B6}) {
        Config udp =
            lab.iperfTo(address, "--udp", "--bitrate", "20M", "--length", "4000", "--time", "1");
        assertThat(udp.getLong("sum_received.bytes")).isPositive();
      }
      assertThat(badSums(lab.a) + badSums(lab.b))
          .as("checksums either kernel found wrong")
          .isZero();
      lab.carriesAFile(FILE_BYTES);
    }
  }

  private static String rate(Config end) {
    assertThat(end.getLong("sum_received.bytes")).isPositive();
    return "%.0f Mbit/s".formatted(end.getDouble("sum_received.bits_per_second") / 1e6);
  }

  /// Segments and datagrams with a wrong checksum.
  private static long badSums(String namespace) {
    return Namespaces.snmp(namespace, "Tcp", "InCsumErrors")
        + Namespaces.snmp(namespace, "Udp", "InCsumErrors");
  }
}
