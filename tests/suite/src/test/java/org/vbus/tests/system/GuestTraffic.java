package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Traffic from one guest to another: ping of busybox and iperf3, each run inside.
final class GuestTraffic {
  /// The server's address on `eth0`.
  static final String SERVER = "10.74.0.2/24";

  private static final Duration LIMIT = Duration.ofSeconds(90);

  /// Nobody's, so that the receiving kernel drops what it is sent without an answer.
  private static final String UNUSED = "10.74.0.9";

  private static final Pattern SUMMARY =
      Pattern.compile("([0-9]+) packets transmitted, ([0-9]+) packets received");
  private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");

  private final LinuxGuest client;
  private final LinuxGuest server;
  private final String address;

  /// Gives both an address on `eth0` and starts an iperf3 server. Both must have been built with
  /// the program iperf3.
  GuestTraffic(LinuxGuest client, LinuxGuest server) {
    this.client = client;
    this.server = server;
    this.address = SERVER.substring(0, SERVER.indexOf('/'));
    client.address("eth0", "10.74.0.1/24");
    server.address("eth0", SERVER);
    startServer();
  }

  private void startServer() {
    server.background("iperf3 --server --forceflush", "iperf3.log");
    Run _ = server.run("until grep -q listening /tmp/iperf3.log; do usleep 20000; done").ok();
  }

  LinuxGuest client() {
    return client;
  }

  LinuxGuest server() {
    return server;
  }

  /// Pings one after the other, each as soon as the last one came back. All must come back.
  ///
  /// @return round-trip times in microseconds, in order of size
  List<Double> ping(int count) {
    Run run = client.run(LIMIT, "ping -A -c %d %s".formatted(count, address)).ok();
    List<Double> times =
        TIME.matcher(run.out())
            .results()
            .map(result -> 1000 * Double.parseDouble(result.group(1)))
            .sorted()
            .toList();
    if (times.size() != count) {
      throw new AssertionError(times.size() + " of " + count + " answers: " + run);
    }
    return times;
  }

  /// Begins to ping every 20 ms, until [#endPings()].
  void beginPings() {
    client.background("ping -i 0.02 " + address, "pings");
  }

  /// Waits until one of the pings from now on is answered.
  void awaitAnswer() {
    Run _ =
        client
            .run(
                LIMIT,
                "n=$(wc -l </tmp/pings); until [ $(wc -l </tmp/pings) -gt $n ]; do usleep 20000; done")
            .ok();
  }

  /// What came of them.
  Pings endPings() {
    Run run = client.run("killall -INT ping && sleep 0.1 && cat /tmp/pings").ok();
    Matcher matcher = SUMMARY.matcher(run.out());
    assertThat(matcher.find()).as("%s", run).isTrue();
    return new Pings(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /// Begins TCP in both directions, as fast as it goes, until [#endLoad()].
  void beginLoad() {
    client.background("iperf3 --bidir --time 600 --forceflush --client " + address, "load");
    Run _ = client.run(LIMIT, "until grep -q bits/sec /tmp/load; do usleep 20000; done").ok();
  }

  void endLoad() {
    Run _ = client.run("killall -KILL iperf3");
    // The server waits for ever for the rest of a test that was cut off.
    Run _ = server.run("killall -KILL iperf3");
    startServer();
  }

  /// Pings sent and answered.
  record Pings(int sent, int answered) {
    /// Those that nobody answered; the last one may still have been on its way.
    int lost() {
      return sent - answered;
    }
  }

  /// Sends a file of random bytes over TCP; the server answers with its digest.
  void carriesAFile(int megabytes) {
    server.background("nc -l -p 7000 -e sha256sum", "nc");
    Run _ = server.run("until netstat -ltn | grep -q :7000; do usleep 20000; done").ok();
    Run run =
        client
            .run(
                LIMIT,
                """
                dd if=/dev/urandom of=/tmp/sent bs=1M count=%d 2>/dev/null
                sha256sum </tmp/sent
                nc %s 7000 </tmp/sent
                rm /tmp/sent
                """
                    .formatted(megabytes, address))
            .ok();
    List<String> sums = run.out().lines().toList();
    assertThat(sums).as("%s", run).hasSize(2);
    assertThat(sums.getLast()).isEqualTo(sums.getFirst());
  }

  /// Frames that one guest sent and the other received.
  record Flood(long sent, long received) {}

  /// Frames of 64 bytes, CRC included, from the kernel's generator in the client, 32 at a time and
  /// as fast as it can. The client must have been built with the module pktgen.
  Flood flood(int seconds) {
    Run _ =
        client
            .run(
                """
                set -e
                cd /proc/net/pktgen
                echo rem_device_all >kpktgend_0
                echo add_device eth0 >kpktgend_0
                for option in 'count 0' 'delay 0' 'pkt_size 60' 'burst 32' \
                  'dst %s' 'dst_mac %s' 'src_min 10.74.0.1' 'src_max 10.74.0.1'; do
                  echo "$option" >eth0
                done
                """
                    .formatted(UNUSED, mac(server)))
            .ok();
    long sent = counter(client, "tx_packets");
    long received = counter(server, "rx_packets");
    Run _ =
        client.run(
            LIMIT,
            "echo start >/proc/net/pktgen/pgctrl & sleep %d; kill $!; wait".formatted(seconds));
    Run _ = server.run("usleep 200000"); // for what is on the way
    return new Flood(
        counter(client, "tx_packets") - sent, counter(server, "rx_packets") - received);
  }

  private static String mac(LinuxGuest guest) {
    return guest.run("cat /sys/class/net/eth0/address").ok().out().strip();
  }

  private static long counter(LinuxGuest guest, String name) {
    String file = "/sys/class/net/eth0/statistics/" + name;
    return Long.parseLong(guest.run("cat " + file).ok().out().strip());
  }

  /// Runs an iperf3 client.
  ///
  /// @return the part `end` of its result
  Config iperf(String options) {
    return iperf(client, address, options);
  }

  /// The same from a guest to any server.
  static Config iperf(LinuxGuest client, String address, String options) {
    Run run = client.run(LIMIT, "iperf3 --json --client %s %s".formatted(address, options));
    Config result =
        ConfigFactory.parseString(
            run.out(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    if (result.hasPath("error")) {
      throw new AssertionError(run.toString());
    }
    return result.getConfig("end");
  }
}
