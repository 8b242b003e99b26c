package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real guests and DPDK start, reach each other over what others built, and end: what other system
/// tests rely on when they put vbus between them.
class GuestKitIT {
  private static final String MAC = GuestNetwork.mac(0);

  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.guests();
  }

  @Test
  void aGuestRunsScriptsStartsAgainAndPowersOff() {
    try (LinuxGuest guest = new GuestBuilder(dir, "a").start().awaitBoot()) {
      Run run = guest.run("echo out; echo err >&2; exit 7");
      assertThat(run.status()).isEqualTo(7);
      assertThat(run.out()).isEqualTo("out\n");
      assertThat(run.err()).isEqualTo("err\n");
      assertThat(guest.run("seq 20000").out().lines()).hasSize(20_000).last().isEqualTo("20000");

      guest.run("touch /tmp/before").ok();
      guest.reboot();
      assertThat(guest.run("ls /tmp/before").status()).isNotZero();
      guest.powerOff();
    }
  }

  @Test
  void guestsReachEachOtherThroughASocketOfQemu() {
    try (GuestNetwork network = GuestNetwork.stream(dir)) {
      reach(network);
    }
  }

  @Test
  void guestsReachEachOtherThroughABridgeOfTaps() {
    Requirements.namespacesAnd("iperf3");
    try (GuestNetwork network = GuestNetwork.bridge()) {
      reach(network);
    }
  }

  private void reach(GuestNetwork network) {
    Requirements.tools("iperf3");
    try (LinuxGuest a = network.plug(guest("a"), 0).start();
        LinuxGuest b = network.plug(guest("b"), 1).start()) {
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      assertThat(traffic.ping(20)).hasSize(20);
      assertThat(traffic.iperf("--time 1").getLong("sum_received.bytes")).isGreaterThan(1 << 20);
      assertThat(traffic.iperf("--udp --bitrate 5M --time 1").getLong("sum.packets")).isPositive();
      assertThat(a.virtio("eth0")).isEqualTo("virtio1");
      assertThat(a.interrupts("virtio1-input\\.0")).isPositive();
    }
  }

  private GuestBuilder guest(String name) {
    return new GuestBuilder(dir, name).programs("iperf3");
  }

  @Test
  void aNewerQemuHasMultiQueueAndMsiX() {
    Requirements.qemu10();
    GuestBuilder builder =
        new GuestBuilder(dir, "a").qemu(Qemu.V10).nic("hubport,hubid=0", MAC).cpus(2);
    try (LinuxGuest guest = builder.start().awaitBoot()) {
      assertThat(guest.run("nproc").out()).isEqualTo("2\n");
      assertThat(guest.run("cat /sys/class/net/eth0/address").out()).isEqualTo(MAC + "\n");
      assertThat(guest.qmp().execute("query-version").getInt("return.qemu.major")).isEqualTo(10);
      guest.reset();
      assertThat(guest.qmp().awaitEvent("RESET").getBoolean("data.guest")).isFalse();
      assertThat(guest.run("cat /proc/interrupts").out()).contains("PCI-MSI", "virtio1-output.0");
      guest.powerOff();
    }
  }

  @Test
  void aMicrovmHasItsDevicesOnMmio() {
    for (Qemu version : Qemu.values()) {
      if (version == Qemu.V10) {
        Requirements.qemu10();
      }
      GuestBuilder builder =
          new GuestBuilder(dir, "a").qemu(version).microvm().nic("hubport,hubid=0", MAC);
      try (LinuxGuest guest = builder.start().awaitBoot()) {
        assertThat(guest.run("readlink -f /sys/class/net/eth0").out()).contains("LNRO0005");
        assertThat(guest.run("cat /sys/class/net/eth0/address").out()).isEqualTo(MAC + "\n");
        guest.powerOff();
      }
    }
  }

  @Test
  void aDiskOfTheStorageDaemonKeepsWhatTheGuestWrites() throws IOException {
    Requirements.tools("qemu-storage-daemon");
    byte[] content = new byte[4 << 20];
    new Random(3).nextBytes(content);
    Path image = Files.write(dir.resolve("disk"), content);
    Path socket = dir.resolve("blk");
    try (StorageDaemon _ = new StorageDaemon(image, socket);
        LinuxGuest guest =
            new GuestBuilder(dir, "a").vhostUserDisk("path=" + socket).start().awaitBoot()) {
      guest.run("dd if=/dev/vda of=/dev/vda bs=1M count=1 seek=2 conv=fsync").ok();
      guest.powerOff();
    }
    byte[] expected = content.clone();
    System.arraycopy(content, 0, expected, 2 << 20, 1 << 20);
    assertThat(Files.readAllBytes(image)).isEqualTo(expected);
  }

  @Test
  void dpdkAnswersAGuest() {
    Requirements.tools("dpdk-testpmd", "stdbuf");
    Path socket = dir.resolve("net");
    List<String> port = List.of(Testpmd.backEnd(0, socket));
    try (Testpmd backEnd =
            new Testpmd(dir.resolve("testpmd"), 0, port, "--forward-mode=icmpecho", "-a");
        LinuxGuest guest =
            new GuestBuilder(dir, "a").vhostUserNic("path=" + socket, 1, MAC).start()) {
      guest.awaitBoot().address("eth0", "10.74.0.1/24");
      Run ping = guest.run("ping -A -c 20 10.74.0.2").ok();
      assertThat(ping.out()).contains("20 packets transmitted, 20 packets received");
      assertThat(backEnd.stats().getFirst().rx()).isGreaterThanOrEqualTo(20);
    }
  }

  @Test
  void dpdkSendsToDpdkAndNothingIsLostOnTheWay() {
    Requirements.tools("dpdk-testpmd", "stdbuf");
    Path socket = dir.resolve("net");
    try (Testpmd backEnd =
            new Testpmd(dir.resolve("back"), 0, List.of(Testpmd.backEnd(0, socket)));
        Testpmd frontEnd =
            new Testpmd(dir.resolve("front"), 1, List.of(Testpmd.frontEnd(0, socket)))) {
      everyPacketArrives(frontEnd, backEnd);
      assertThat(backEnd.log()).containsOnlyOnce("VHOST_USER_SET_MEM_TABLE");
      frontEnd.quit();
      backEnd.quit();
    }
  }

  @Test
  void dpdkWithHugePagesSendsItsMemoryTableAgain() {
    Requirements.namespacesAnd("dpdk-testpmd", "stdbuf");
    Path socket = dir.resolve("net");
    try (HugePages pages = new HugePages(dir, 64);
        Testpmd backEnd = new Testpmd(dir.resolve("back"), 0, List.of(Testpmd.backEnd(0, socket)));
        Testpmd frontEnd =
            new Testpmd(
                dir.resolve("front"), 1, pages.dpdk(), List.of(Testpmd.frontEnd(0, socket)))) {
      everyPacketArrives(frontEnd, backEnd);
      assertThat(backEnd.log().split("VHOST_USER_SET_MEM_TABLE", -1)).hasSizeGreaterThan(2);
      frontEnd.quit();
      backEnd.quit();
    }
  }

  private static void everyPacketArrives(Testpmd from, Testpmd to) {
    List.of("set fwd rxonly", "start").forEach(to::command);
    List.of("set fwd txonly", "set txpkts 64", "start").forEach(from::command);
    HostProcess.await("packets", () -> to.stats().getFirst().rx() > 100_000);
    String _ = from.command("stop");
    Testpmd.Port sent = from.stats().getFirst();
    HostProcess.await("every packet", () -> to.stats().getFirst().rx() == sent.tx());
    assertThat(to.stats().getFirst().rxBytes()).isEqualTo(64 * sent.tx());
  }
}
