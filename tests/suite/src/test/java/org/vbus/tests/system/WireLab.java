package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Two kernels connected through a guest that forwards, as the package shows, or by a switch alone.
final class WireLab implements AutoCloseable {
  static final String ADDRESS_A = "10.73.0.1";
  static final String ADDRESS_B = "10.73.0.2";
  static final String TAP_A = "vbus-a";
  static final String TAP_B = "vbus-b";
  static final int IPERF_PORT = 5201;

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// Who leaves checksums and segmentation to the next, and whether there is a guest.
  record Wire(boolean tapA, boolean cards, boolean tapB, boolean guest) {
    static final Wire STANDARD = new Wire(true, true, true, true);

    @Override
    public String toString() {
      return word(tapA) + (guest ? " guest " + word(cards) : "") + " " + word(tapB);
    }

    private static String word(boolean offloads) {
      return offloads ? "leaves" : "does";
    }
  }

  final Namespaces namespaces = new Namespaces();
  final String a = namespaces.make();
  final String b = namespaces.make();
  final Path capture;
  private final Path dir;
  private final Path config;
  private HostProcess host;

  /// Starts the host and gives both kernels their addresses.
  ///
  /// @param dir where files go
  /// @param signals signal policy
  /// @param options further arguments of `vbus host`
  WireLab(Path dir, String signals, String... options) throws IOException {
    this(dir, signals, Wire.STANDARD, options);
  }

  /// The same with this wire.
  WireLab(Path dir, String signals, Wire wire, String... options) throws IOException {
    this.dir = dir;
    this.capture = dir.resolve("capture-" + signals + ".pcapng");
    this.config = dir.resolve("wire-" + signals + ".conf");
    try {
      Files.writeString(config, wire.guest() ? text(signals, wire) : switchOnly(wire));
      this.host = started(options);
    } catch (Throwable t) {
      namespaces.close();
      throw t;
    }
  }

  private String switchOnly(Wire wire) {
    return """
    switches {
      ab {
        uplink { tap = { name = %s, netns = %s, offloads = %s } }
        taps { b = { name = %s, netns = %s, offloads = %s } }
      }
    }
    """
        .formatted(TAP_A, a, wire.tapA(), TAP_B, b, wire.tapB());
  }

  private String text(String signals, Wire wire) {
    return """
    switches {
      a { uplink { tap = { name = %s, netns = %s, offloads = %s } }, capture = "%s" }
      b { uplink { tap = { name = %s, netns = %s, offloads = %s } } }
    }
    buses {
      vm {
        connector { loopback { guest = forward } }
        signals = %s
        devices {
          eth0 { model = venet, switch = a, offloads = %s }
          eth1 { model = venet, switch = b, offloads = %s }
        }
      }
    }
    """
        .formatted(
            TAP_A,
            a,
            wire.tapA(),
            capture,
            TAP_B,
            b,
            wire.tapB(),
            signals,
            wire.cards(),
            wire.cards());
  }

  private HostProcess started(String... options) {
    HostProcess running = HostProcess.start(config, options);
    Namespaces.address(a, TAP_A, ADDRESS_A + "/24");
    Namespaces.address(b, TAP_B, ADDRESS_B + "/24");
    return running;
  }

  HostProcess host() {
    return host;
  }

  /// Starts the host again after it was stopped.
  void restart() {
    host = started();
  }

  /// Pings B from A and expects every answer. The kernel counts them: ping itself does not wait for
  /// one that is much later than those before it, as happens on a busy machine.
  void ping(int count, String... options) {
    long answers = Namespaces.icmp(a, "InEchoReps");
    List<String> command = new ArrayList<>(List.of("ping", "-n", "-q", "-c", "" + count));
    command.addAll(List.of(options));
    command.add(ADDRESS_B);
    Run ping = Namespaces.exec(a, LIMIT, command.toArray(String[]::new));
    assertThat(ping.out()).as("%s", ping).contains(count + " packets transmitted");
    HostProcess.await(
        "all answers to " + ping, () -> Namespaces.icmp(a, "InEchoReps") == answers + count);
  }

  /// Starts an iperf3 server in B.
  void serve() {
    Path log = dir.resolve("iperf3-server.log");
    Process _ =
        namespaces.start(b, log, "iperf3", "--server", "--forceflush", "--port", "" + IPERF_PORT);
    HostProcess.await(
        "iperf3 server",
        () -> {
          try {
            return Files.exists(log) && Files.readString(log).contains("Server listening");
          } catch (IOException e) {
            return false;
          }
        });
  }

  /// Runs an iperf3 client in A; the part `end` of its result.
  Config iperf(String... options) {
    return iperfTo(ADDRESS_B, options);
  }

  /// The same with another address of B.
  Config iperfTo(String address, String... options) {
    Run run = Namespaces.exec(a, LIMIT, iperfCommand(address, options));
    Config result =
        ConfigFactory.parseString(
            run.out(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    assertThat(result.hasPath("error")).as("%s", run).isFalse();
    return result.getConfig("end");
  }

  /// Sends a file of random bytes from A to B and compares what arrives.
  void carriesAFile(int length) throws Exception {
    Path file = dir.resolve("random");
    byte[] bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    Files.write(file, bytes);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes =
        Path.of(FileOverTcp.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    String main = FileOverTcp.class.getName();
    Path received = dir.resolve("received");

    Process receiver = namespaces.start(b, received, java, "-cp", classes, main, "receive", "7000");
    HostProcess.await("receiver", () -> lines(received) > 0);
    Namespaces.exec(a, LIMIT, java, "-cp", classes, main, "send", ADDRESS_B, "7000", "" + file)
        .ok();
    HostProcess.await("digest", () -> !receiver.isAlive());

    try (InputStream in = Files.newInputStream(file)) {
      assertThat(Files.readAllLines(received))
          .containsExactly(FileOverTcp.LISTENING, FileOverTcp.sha256(in));
    }
  }

  private static int lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  /// Starts an iperf3 client in A and leaves it running.
  Process load(String... options) {
    return namespaces.start(a, dir.resolve("iperf3-client.log"), iperfCommand(ADDRESS_B, options));
  }

  private static String[] iperfCommand(String address, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of("iperf3", "--json", "--port", "" + IPERF_PORT, "--client", address));
    command.addAll(List.of(options));
    return command.toArray(String[]::new);
  }

  @Override
  public void close() {
    host.close();
    namespaces.close();
  }
}
