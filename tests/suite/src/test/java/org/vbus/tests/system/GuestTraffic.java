package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Traffic from one guest to another: ping of busybox and iperf3, each run inside.
final class GuestTraffic {
  /// The server's address on `eth0`.
  static final String SERVER = "10.74.0.2/24";

  private static final String CLIENT = "10.74.0.1";
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /// Nobody's, so that the receiving kernel drops what it is sent without an answer.
  private static final String UNUSED = "10.74.0.9";

  private static final Pattern SUMMARY =
      Pattern.compile("([0-9]+) packets transmitted, ([0-9]+) packets received");
  private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");

  private final LinuxGuest client;
  private LinuxGuest server;
  private final String address;

  /// Gives both an address on `eth0` and starts an iperf3 server. Both must have been built with
  /// the program iperf3.
  GuestTraffic(LinuxGuest client, LinuxGuest server) {
    this.client = client;
    this.server = server;
    this.address = SERVER.substring(0, SERVER.indexOf('/'));
    client.address("eth0", CLIENT + "/24");
    server.address("eth0", SERVER);
    server.background("iperf3 --server --forceflush", "iperf3.log");
    Run _ = server.run("until grep -q listening /tmp/iperf3.log; do usleep 20000; done").ok();
  }

  /// The server is in another QEMU now.
  void moved(LinuxGuest to) {
    server = to;
  }

  LinuxGuest client() {
    return client;
  }

  LinuxGuest server() {
    return server;
  }

  /// Has both keep each other's hardware address for ever, so that neither asks for it.
  void knowEachOther() {
    client.run("arp -s %s %s".formatted(address, mac(server))).ok();
    server.run("arp -s %s %s".formatted(CLIENT, mac(client))).ok();
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

  /// Begins to send random bytes over TCP, as fast as it goes, until [#endStream()].
  void beginStream() {
    server.background("nc -l -p 7001 -e md5sum", "stream");
    Run _ = server.run("until netstat -ltn | grep -q :7001; do usleep 20000; done").ok();
    Run _ =
        client
            .run(
                """
                cd /tmp
                rm -f enough sent
                dd if=/dev/urandom of=part bs=1M count=1 2>/dev/null
                while [ ! -e enough ]; do cat part; echo >>sent; done | nc %s 7001 >theirs &
                """
                    .formatted(address))
            .ok();
    awaitStream();
  }

  /// Waits until another three mebibytes were sent.
  void awaitStream() {
    Run _ =
        client
            .run(
                LIMIT,
                """
                count() { cat /tmp/sent 2>/dev/null | wc -l; }
                until=$(($(count) + 3))
                until [ $(count) -ge $until ]; do usleep 20000; done
                """)
            .ok();
  }

  /// Ends that. All of it must have arrived.
  ///
  /// @return mebibytes sent
  int endStream() {
    Run run =
        client
            .run(
                LIMIT,
                """
                cd /tmp
                touch enough
                while pidof nc >/dev/null; do usleep 20000; done
                while read -r one; do cat part; done <sent | md5sum
                cat theirs
                wc -l <sent >&2
                """)
            .ok();
    assertSame(run);
    return Integer.parseInt(run.err().strip());
  }

  private static void assertSame(Run run) {
    List<String> sums = run.out().lines().toList();
    assertThat(sums).as("%s", run).hasSize(2);
    assertThat(sums.getLast()).isEqualTo(sums.getFirst());
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
    assertSame(run);
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
    // Not as JSON: of several streams it says some things twice.
    Config result = ConfigFactory.parseString(run.out());
    if (result.hasPath("error")) {
      throw new AssertionError(run.toString());
    }
    return result.getConfig("end");
  }
}
