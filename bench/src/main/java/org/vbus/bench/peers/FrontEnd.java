package org.vbus.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.vbus.bench.station.StationFrames;
import org.vbus.venet.l2.MacAddress;

/// The guests: testpmd with virtio-user ports, the same for both sides of a comparison. It listens,
/// and counts.
final class FrontEnd implements AutoCloseable {
  /// What a run takes besides warming up and the window.
  static final Duration OVERHEAD = Duration.ofMillis(3500);

  static final int MEGABYTES = 200;

  /// Bursts that go round in a closed loop: less starve whoever forwards, more do not fit into a
  /// ring.
  private static final int BURSTS = 6;

  private static final int BURST = 32;

  private final Scenario scenario;
  private final Testpmd testpmd;

  /// Starts it and waits until the back-end has connected.
  FrontEnd(Children children, Path program, Scenario scenario, List<Path> sockets, Cores cores) {
    this.scenario = scenario;
    List<String> options = new ArrayList<>(queues(scenario.queues()));
    options.add("--forward-mode=" + forwardMode(scenario.mode()));
    options.add("--no-flush-rx");
    options.add("--eth-peer=0," + MacAddress.format(StationFrames.STATION));
    if (scenario.mode() == Mode.GUESTS) {
      options.add("--eth-peer=1," + MacAddress.format(StationFrames.GUEST));
    } else {
      options.add("--port-topology=loop");
    }
    if (scenario.queues() > 1) {
      options.add("--txonly-multi-flow");
    }
    testpmd =
        new Testpmd(
            children,
            program,
            "guests",
            cores.pollOn(cores.frontEnd()),
            MEGABYTES,
            ports(scenario, sockets),
            options);
    testpmd.awaitPrompt();
  }

  /// The opposite of what the back-end does.
  private static String forwardMode(Mode mode) {
    return switch (mode) {
      case RXONLY -> "txonly";
      case TXONLY -> "rxonly";
      case IO -> "macswap";
      case GUESTS -> "io";
    };
  }

  /// virtio-user ports that listen on these sockets.
  static List<String> ports(Scenario scenario, List<Path> sockets) {
    List<String> ports = new ArrayList<>();
    for (Path socket : sockets) {
      long mac = ports.isEmpty() ? StationFrames.GUEST : StationFrames.STATION;
      ports.add(
          "net_virtio_user%d,path=%s,server=1,mac=%s,queues=%d,queue_size=%d%s%s"
              .formatted(
                  ports.size(),
                  socket,
                  MacAddress.format(mac),
                  scenario.queues(),
                  Testpmd.RING,
                  scenario.packed() ? ",packed_vq=1" : "",
                  scenario.mergeable() ? "" : ",mrg_rxbuf=0"));
    }
    return ports;
  }

  /// What makes testpmd use `n` pairs of queues per port.
  static List<String> queues(int n) {
    return List.of("--rxq=" + n, "--txq=" + n);
  }

  Child process() {
    return testpmd.child();
  }

  String version() {
    return testpmd.version();
  }

  /// Begins. A mixture is put into a closed loop one length after the other.
  void start() {
    if (!scenario.mode().isClosedLoop()) {
      type("set txpkts " + scenario.size().text());
      type("start");
    } else if (scenario.size().isFixed()) {
      type("set txpkts " + scenario.size().text());
      type("start tx_first " + BURSTS / scenario.queues());
    } else {
      type("set burst " + BURST * BURSTS / scenario.size().lengths().size() / scenario.queues());
      for (int length : scenario.size().lengths().stream().distinct().sorted().toList()) {
        long bursts = scenario.size().lengths().stream().filter(each -> each == length).count();
        type("set txpkts " + length);
        type("start tx_first " + bursts);
        type("stop");
      }
      type("set burst " + BURST);
      type("start");
    }
  }

  private void type(String command) {
    String _ = testpmd.command(command);
  }

  /// The counters of all ports.
  List<TestpmdPort> look() {
    return testpmd.ports();
  }

  /// Stops it in good order, which its peers see.
  @Override
  public void close() {
    testpmd.close();
  }
}
