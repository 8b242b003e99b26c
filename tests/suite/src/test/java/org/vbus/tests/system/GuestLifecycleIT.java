package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Guests, their cards and their host come and go while others have traffic.
@Tag("long")
class GuestLifecycleIT {
  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.guests();
    Requirements.tools("iperf3");
  }

  @Test
  void aGuestThatStartsAgainIsBackOnTheNetwork() {
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1, "packed=on");
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      traffic.beginPings();
      b.reboot().address("eth0", GuestTraffic.SERVER);
      traffic.awaitAnswer();
      b.reset().address("eth0", GuestTraffic.SERVER);
      traffic.awaitAnswer();
      GuestTraffic.Pings pings = traffic.endPings();
      assertThat(pings.lost()).as("%s", pings).isPositive();
      assertThat(traffic.ping(100)).hasSize(100);
      traffic.carriesAFile(1);
    }
  }

  @Test
  void aKilledGuestHurtsNobodyAndAnotherTakesItsPlace() {
    try (GuestLab lab = new GuestLab(dir, 3)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1);
      LinuxGuest c = lab.guest(2);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      c.awaitBoot().address("eth0", "10.74.0.3/24");
      c.background("iperf3 --udp --bitrate 20M --time 60 --client 10.74.0.2", "iperf3.log");
      traffic.beginPings();
      HostProcess.await("traffic", () -> b.run("grep -q MBytes /tmp/iperf3.log").status() == 0);
      c.kill();
      LinuxGuest d = lab.guest(2, "packed=on").awaitBoot();
      GuestTraffic.Pings pings = traffic.endPings();
      assertThat(pings.sent()).isGreaterThan(10);
      assertThat(pings.lost()).as("%s", pings).isLessThanOrEqualTo(1);
      d.address("eth0", "10.74.0.3/24");
      d.run("ping -A -c 20 10.74.0.1").ok();
    }
  }

  /// With split rings, whose used index is in memory. Of a packed ring QEMU sends a base from the
  /// past, and what its marks tell is right nearly always, see `PackedRecoveryTest`.
  @Test
  void guestsOutliveTheirHost() {
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      outlive(lab, traffic, "host listens");
    }
  }

  @Test
  void guestsThatListenOutliveTheirHost() {
    try (GuestLab lab = GuestLab.ofListeningGuests(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      outlive(lab, traffic, "host connects");
    }
  }

  private static void outlive(GuestLab lab, GuestTraffic traffic, String what) {
    for (String signal : new String[] {"KILL", "TERM"}) {
      traffic.beginStream();
      traffic.beginPings();
      traffic.awaitAnswer();
      HostProcess.Stop stop = lab.host().signal(signal);
      assertThat(stop.took()).isLessThan(Duration.ofSeconds(2));
      lab.restartHost();
      traffic.awaitAnswer();
      System.out.printf(
          "%s, SIG%s, host ended after %d ms: %s, %d MiB%n",
          what, signal, stop.took().toMillis(), traffic.endPings(), traffic.endStream());
      assertThat(traffic.ping(300)).hasSize(300);
      traffic.carriesAFile(1);
    }
  }

  @Test
  void aCardIsPulledOutAndPluggedInAgain() {
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b =
          lab.guest(
              1,
              guest -> guest.arguments("-device", "pcie-root-port,id=rp0,chassis=1"),
              1,
              "bus=rp0",
              "id=card");
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      traffic.beginStream();
      traffic.beginPings();
      traffic.awaitAnswer();
      Qmp qmp = b.qmp();
      var _ = qmp.execute("device_del", "{\"id\":\"card\"}");
      while (!qmp.awaitEvent("DEVICE_DELETED").hasPath("data.device")) {
        // One without comes before, for a part of the card.
      }
      var _ =
          qmp.execute(
              "device_add",
              "{\"driver\":\"virtio-net-pci\",\"id\":\"card\",\"bus\":\"rp0\",\"netdev\":\"n0\","
                  + "\"vectors\":0,\"packed\":true,\"mac\":\""
                  + GuestNetwork.mac(1)
                  + "\"}");
      HostProcess.await(
          "the card to be back", () -> b.run("ls -d /sys/class/net/eth0").status() == 0);
      b.address("eth0", GuestTraffic.SERVER);
      traffic.awaitAnswer();
      System.out.printf(
          "card pulled out and plugged in again: %s, %d MiB%n",
          traffic.endPings(), traffic.endStream());
      assertThat(traffic.ping(100)).hasSize(100);
      traffic.carriesAFile(1);
    }
  }

  @Test
  void aLinkGoesDownAndUp() {
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1, "id=card");
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      String carrier = "cat /sys/class/net/eth0/carrier";
      for (String ignored : new String[] {"once", "again"}) {
        var _ = b.qmp().execute("set_link", "{\"name\":\"card\",\"up\":false}");
        HostProcess.await("no carrier", () -> b.run(carrier).out().equals("0\n"));
        var _ = b.qmp().execute("set_link", "{\"name\":\"card\",\"up\":true}");
        HostProcess.await("a carrier", () -> b.run(carrier).out().equals("1\n"));
        assertThat(traffic.ping(100)).hasSize(100);
      }
    }
  }
}
