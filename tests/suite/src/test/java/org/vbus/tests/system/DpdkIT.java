package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// DPDK's virtio-user as the guest: two of its ports on the Java switch, frames of one delivered to
/// the other.
///
/// ```
///   testpmd port 0 -- vm0.eth0 -- switch -- vm1.eth0 -- testpmd port 1
/// ```
class DpdkIT {
  private static final String MAC_0 = "52:54:00:00:00:01";
  private static final String MAC_1 = "52:54:00:00:00:02";
  private static final int ENOUGH = 100_000;

  @TempDir private Path dir;
  private HostProcess host;

  @BeforeEach
  void requirements() {
    Requirements.tools("dpdk-testpmd", "stdbuf");
  }

  @AfterEach
  void stop() {
    if (host != null) {
      host.close();
    }
  }

  private void host(String connector) throws IOException {
    host(connector, true);
  }

  private void host(String connector, boolean indirect) throws IOException {
    Path config =
        Files.writeString(
            dir.resolve("dpdk.conf"),
            """
            switches { lan { } }
            buses {
              vm0 {
                connector { vhost-user { %s, directory = "%s/vm0" } }
                indirect = %s
                devices { eth0 { model = venet, switch = lan, mac = "%s" } }
              }
              vm1 {
                connector { vhost-user { %s, directory = "%s/vm1" } }
                indirect = %s
                devices { eth0 { model = venet, switch = lan, mac = "%s" } }
              }
            }
            """
                .formatted(connector, dir, indirect, MAC_0, connector, dir, indirect, MAC_1));
    host = HostProcess.start(config);
  }

  private Path socket(int i) {
    return dir.resolve("vm" + i).resolve("eth0.sock");
  }

  private Testpmd guests(String options, List<String> memory, String... more) {
    String suffix = options.isEmpty() ? "" : "," + options;
    List<String> all = new ArrayList<>(List.of(more));
    all.addAll(List.of("--eth-peer=0," + MAC_1, "--eth-peer=1," + MAC_0));
    return new Testpmd(
        dir.resolve("testpmd"),
        1,
        memory,
        List.of(
            Testpmd.frontEnd(0, socket(0), "mac=" + MAC_0 + suffix),
            Testpmd.frontEnd(1, socket(1), "mac=" + MAC_1 + suffix)),
        all.toArray(String[]::new));
  }

  private Testpmd guests(String options) {
    return guests(options, Testpmd.MEMFD);
  }

  /// Frames that go round and round: what one port sends the other one receives and sends on.
  private static void circulate(Testpmd testpmd, int length) {
    String _ = testpmd.command("set fwd io");
    String _ = testpmd.command("start tx_first");
    HostProcess.await("frames to go round", () -> testpmd.stats().getFirst().rx() > ENOUGH);
    String _ = testpmd.command("stop");
    List<Testpmd.Port> ports = testpmd.stats();
    for (int i = 0; i < 2; i++) {
      Testpmd.Port to = ports.get(i);
      assertThat(to.rxBytes()).isEqualTo(length * to.rx());
      // What was under way when it stopped.
      assertThat(ports.get(1 - i).tx() - to.rx()).isBetween(0L, 64L);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "packed_vq=1"})
  void framesGoRound(String options) throws IOException {
    goRound(options);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "in_order=0",
        "mrg_rxbuf=0",
        "in_order=0,mrg_rxbuf=0",
        "packed_vq=1,in_order=0",
        "packed_vq=1,mrg_rxbuf=0",
        "packed_vq=1,in_order=0,mrg_rxbuf=0"
      })
  void framesGoRoundInEveryRingFormat(String options) throws IOException {
    goRound(options);
  }

  private void goRound(String options) throws IOException {
    host("role = server");
    try (Testpmd testpmd = guests(options)) {
      circulate(testpmd, 64);
      // Ports that are stopped and started go on with the same rings.
      for (int i = 0; i < 3; i++) {
        String _ = testpmd.command("port stop all");
        String _ = testpmd.command("port start all");
      }
      String _ = testpmd.command("clear port stats all");
      circulate(testpmd, 64);
      testpmd.quit();
    }
    assertThat(host.err()).doesNotContain("WARN", "ERROR");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "packed_vq=1"})
  void framesInSeveralSegmentsArriveWhole(String options) throws IOException {
    // DPDK 22.11 marks the packet header in an indirect table of a packed ring as device-writable,
    // which breaks the queue (2.7.4.2); so such a guest is offered no indirect tables.
    host("role = server", options.isEmpty());
    try (Testpmd testpmd = guests(options)) {
      String _ = testpmd.command("set fwd txonly");
      String _ = testpmd.command("set txpkts 400,600,400");
      String _ = testpmd.command("start");
      HostProcess.await("frames to be sent", () -> testpmd.stats().getFirst().tx() > ENOUGH);
      String _ = testpmd.command("stop");
      String _ = testpmd.command("set fwd rxonly");
      String _ = testpmd.command("start");
      HostProcess.await("frames to be received", () -> testpmd.stats().getFirst().rx() > 64);
      Testpmd.Port port = testpmd.stats().getFirst();
      assertThat(port.rxBytes()).isEqualTo(1400 * port.rx());
      testpmd.quit();
    }
    assertThat(host.err()).doesNotContain("WARN", "ERROR");
  }

  @Test
  void aMemoryTableMayGrowWhileRunning() throws IOException {
    host("role = server");
    try (HugePages pages = new HugePages(dir, 128);
        Testpmd testpmd = guests("", pages.dpdk())) {
      circulate(testpmd, 64);
      testpmd.quit();
    }
    assertThat(host.err()).doesNotContain("WARN", "ERROR");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "packed_vq=1"})
  void dpdkMayListen(String options) throws IOException {
    Files.createDirectory(dir.resolve("vm0"));
    Files.createDirectory(dir.resolve("vm1"));
    host("role = client");
    String server = options.isEmpty() ? "server=1" : "server=1," + options;
    try (Testpmd testpmd = guests(server)) {
      circulate(testpmd, 64);
      testpmd.quit();
    }
    assertThat(host.err()).doesNotContain("WARN", "ERROR");
  }

  @Tag("long")
  @Test
  void aFrontEndMayComeAndGoFiftyTimes() throws IOException {
    host("role = server");
    for (int i = 0; i < 50; i++) {
      try (Testpmd testpmd = guests(i % 2 == 0 ? "" : "packed_vq=1")) {
        String _ = testpmd.command("start tx_first");
        HostProcess.await("frames to go round", () -> testpmd.stats().getFirst().rx() > 1000);
        if (i % 3 == 0) {
          testpmd.quit();
        } // else it is killed
      }
    }
    assertThat(host.err()).doesNotContain("ERROR");
  }
}
