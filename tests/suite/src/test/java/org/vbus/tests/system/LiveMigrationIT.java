package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A guest moves from one QEMU to another while others have traffic with it.
///
/// ```
///   guest a --> eth0 of vm0 --> switch --> eth0 of vm1 --> QEMU of b
///                                     \--> eth0 of vm2 --> QEMU of b after the move
/// ```
@Tag("long")
class LiveMigrationIT {
  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.guests();
    Requirements.tools("iperf3");
  }

  /// What the host writes while the guest's memory is copied is in no log but its own: frames in
  /// buffers and marks in rings. Were one missing, the digest would be another, or the ring would
  /// stand still.
  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on", "mrg_rxbuf=off"})
  void aGuestMovesUnderTraffic(String options) {
    try (GuestLab lab = new GuestLab(dir, 3)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1, options);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      LinuxGuest destination = lab.incoming(2, 1, options);
      traffic.beginStream();
      traffic.beginPings();
      traffic.awaitAnswer();
      Config moved = move(b, destination, traffic);
      traffic.awaitAnswer();
      traffic.awaitStream();
      System.out.printf(
          "migration, %s: %d ms, %d ms of them stopped, %s, %d MiB%n",
          options,
          moved.getInt("total-time"),
          moved.getInt("downtime"),
          traffic.endPings(),
          traffic.endStream());
      assertThat(traffic.ping(100)).hasSize(100);
      traffic.carriesAFile(1);
    }
  }

  private static Config move(LinuxGuest from, LinuxGuest to, GuestTraffic traffic) {
    from.moveTo(to);
    Config moved = from.awaitMoved();
    traffic.moved(to.awaitArrival());
    from.kill();
    return moved;
  }

  /// It says nothing itself unless asked: the switch learns from its driver's announcement, or from
  /// the one that the host makes for it.
  @ParameterizedTest
  @ValueSource(strings = {"guest_announce=on", "guest_announce=off"})
  void theNetworkHearsWhereASilentGuestIsNow(String options) {
    try (GuestLab lab = new GuestLab(dir, 3)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1, options);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      traffic.knowEachOther();
      b.run("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6").ok();
      assertThat(traffic.ping(10)).hasSize(10);
      LinuxGuest destination = lab.incoming(2, 1, options);
      Config _ = move(b, destination, traffic);
      traffic.beginPings();
      traffic.awaitAnswer();
      GuestTraffic.Pings pings = traffic.endPings();
      System.out.printf("migration, %s: %s%n", options, pings);
    }
  }
}
