package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.linux.Linux;

/// `vbus probe` against back-ends of three makes.
class ProbeIT {
  @TempDir private Path dir;

  @BeforeAll
  static void linux() {
    if (!Linux.supported()) {
      Requirements.missing("this is not Linux");
    }
  }

  private static Config json(Run run) {
    return ConfigFactory.parseString(run.out());
  }

  @Test
  void ourOwnNetworkCardsAreProbedOneAfterTheOther() throws IOException {
    Path config = dir.resolve("host.conf");
    Files.writeString(
        config,
        """
        switches { lan {} }
        buses {
          vm {
            connector { vhost-user { directory = "%s" } }
            devices {
              eth0 { model = venet, switch = lan, mac = "52:54:00:00:00:0a", mtu = 1400 }
              eth1 { model = venet, switch = lan }
            }
          }
        }
        """
            .formatted(dir));
    try (HostProcess host = HostProcess.start(config)) {
      for (int i = 0; i < 2; i++) {
        Run text = Vbus.run("probe", dir.resolve("eth0.sock").toString()).ok();
        assertThat(text.err()).isEmpty();
        assertThat(text.out().lines())
            .contains("device             net")
            .contains("  32 VIRTIO_F_VERSION_1, used")
            .anyMatch(line -> line.matches(" +mac +52:54:00:00:00:0a"))
            .anyMatch(line -> line.matches(" +mtu +1400"))
            .anyMatch(line -> line.matches(" +transmit buffers that came back +256"));
      }
      Config report = json(Vbus.run("probe", dir.resolve("eth1.sock").toString(), "--json").ok());
      assertThat(report.getString("device")).isEqualTo("net");
      assertThat(report.getIsNull("failure")).isTrue();
      // To oneself, which no switch passes on.
      assertThat(report.getConfig("selfTest").root().unwrapped())
          .containsEntry("frames received", 0)
          .containsEntry("frames sent", 320);
      assertThat(host.signal("TERM").status()).isEqualTo(143);
    }
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void dpdkLoopsOurFramesBack(boolean server) {
    Requirements.tools("dpdk-testpmd", "stdbuf");
    Path socket = dir.resolve("net");
    String[] role = server ? new String[] {"client=1"} : new String[0];
    List<String> port = List.of(Testpmd.backEnd(0, socket, role));
    try (Testpmd backEnd =
        new Testpmd(dir.resolve("testpmd"), 0, port, "--forward-mode=io", "-a")) {
      String[] words =
          server
              ? new String[] {"probe", socket.toString(), "--json", "--server"}
              : new String[] {"probe", socket.toString(), "--json"};
      for (int i = 1; i <= 2; i++) {
        Config report = json(Vbus.run(words).ok());
        assertThat(report.getString("device")).isEqualTo("net");
        assertThat(report.getInt("queues")).isPositive();
        Config test = report.getConfig("selfTest");
        assertThat(test.root().unwrapped()).containsEntry("transmit buffers that came back", 256);
        assertThat(test.root().unwrapped().get("of them our own"))
            .isEqualTo(test.root().unwrapped().get("frames received"))
            .isNotEqualTo(0);
        assertThat(backEnd.stats().getFirst().rx()).isEqualTo(320L * i);
      }
      backEnd.quit();
    }
  }

  @Test
  void aBackEndThatDoesNotForwardIsFoundOut() {
    Requirements.tools("dpdk-testpmd", "stdbuf");
    Path socket = dir.resolve("net");
    List<String> port = List.of(Testpmd.backEnd(0, socket));
    try (Testpmd _ = new Testpmd(dir.resolve("testpmd"), 0, port)) {
      Run run = Vbus.run("probe", socket.toString(), "--timeout=3s");
      assertThat(run.status()).isEqualTo(1);
      assertThat(run.err())
          .isEqualTo("vbus: " + socket + ": 0 of 256 transmit buffers came back within 3 s\n");
      assertThat(run.out()).contains("VIRTIO_NET_F_MRG_RXBUF");
    }
  }

  @Test
  void aDiskOfTheStorageDaemonIsOnlyRead() throws IOException {
    Requirements.tools("qemu-storage-daemon");
    byte[] content = new byte[1 << 20];
    new Random(5).nextBytes(content);
    Path image = Files.write(dir.resolve("disk"), content);
    Path socket = dir.resolve("blk");
    CRC32 checksum = new CRC32();
    checksum.update(content, 0, 65536);
    try (StorageDaemon _ = new StorageDaemon(image, socket)) {
      for (String kind : Arrays.asList("auto", "blk")) {
        Config report = json(Vbus.run("probe", socket.toString(), "--json", "--device", kind).ok());
        assertThat(report.getString("device")).isEqualTo("blk");
        assertThat(report.getLong("config.capacity")).isEqualTo(content.length / 512);
        assertThat(report.getConfig("selfTest").root().unwrapped())
            .containsEntry("bytes read", 65536)
            .containsEntry("their CRC-32", "%08x".formatted(checksum.getValue()));
      }
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(content);
  }

  @Test
  void whereNobodyListensIsOneLine() {
    Path socket = dir.resolve("nothing");
    Run run = Vbus.run("probe", socket.toString());
    assertThat(run.err())
        .isEqualTo("vbus: " + socket + ": nobody listens, there is no such file\n");
    assertThat(run.out()).isEmpty();
    assertThat(run.status()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "probe                   | vbus probe: Missing required parameter: 'SOCKET'",
        "probe --device tape s   | vbus probe: Invalid value for option '--device'",
        "probe --timeout 5 s     | vbus probe: Invalid value for option '--timeout'",
      })
  void aBadCommandLineIsOneLine(String words, String expected) {
    Run run = Vbus.run(words.split(" +", -1));
    assertThat(run.err()).startsWith(expected).hasLineCount(1);
    assertThat(run.status()).isEqualTo(2);
  }
}
