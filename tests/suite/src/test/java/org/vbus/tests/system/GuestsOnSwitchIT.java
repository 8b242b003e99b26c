package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.feature.Feature;

/// Real Linux guests under QEMU whose network cards are vbus devices.
class GuestsOnSwitchIT {
  private static final int MRG_RXBUF = 15;
  private static final int FILE_MEGABYTES = 8;
  private static final int MTU = 1500;

  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.guests();
    Requirements.tools("iperf3");
  }

  /// A guest's machine and what its card has been told, such as `V7_2 microvm packed=on`.
  record Card(String text) {
    Qemu qemu() {
      return Qemu.valueOf(words().getFirst());
    }

    private List<String> words() {
      return List.of(text.split(" ", -1));
    }

    private boolean has(String word) {
      return words().contains(word);
    }

    GuestBuilder machine(GuestBuilder guest) {
      return has("microvm") ? guest.qemu(qemu()).microvm() : guest.qemu(qemu());
    }

    String[] options() {
      return words().stream().skip(2).toArray(String[]::new);
    }

    @Override
    public String toString() {
      return text;
    }

    /// What the driver must have negotiated. That of Linux 6.1 uses no buffers in order.
    void check(BitSet features) {
      assertThat(features.get(Feature.RING_PACKED.bit())).isEqualTo(has("packed=on"));
      assertThat(features.get(Feature.EVENT_IDX.bit())).isEqualTo(!has("event_idx=off"));
      assertThat(features.get(Feature.INDIRECT_DESC.bit())).isEqualTo(!has("indirect_desc=off"));
      assertThat(features.get(MRG_RXBUF)).isEqualTo(!has("mrg_rxbuf=off"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          V7_2 q35     | V7_2 q35 packed=on
          V7_2 microvm | V10 microvm packed=on
          """)
  void guestsReachEachOther(Card first, Card second) {
    exchange(first, second);
  }

  @Tag("long")
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          V7_2 q35 event_idx=off     | V7_2 q35 packed=on event_idx=off
          V7_2 q35 indirect_desc=off | V7_2 q35 packed=on indirect_desc=off
          V7_2 q35 mrg_rxbuf=off     | V7_2 q35 packed=on mrg_rxbuf=off
          V10 q35                    | V10 q35 packed=on in_order=on
          """)
  void guestsReachEachOtherWithoutThis(Card first, Card second) {
    exchange(first, second);
  }

  private void exchange(Card first, Card second) {
    if (first.qemu() == Qemu.V10 || second.qemu() == Qemu.V10) {
      Requirements.qemu10();
    }
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0, first::machine, 1, first.options());
      LinuxGuest b = lab.guest(1, second::machine, 1, second.options());
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      first.check(a.features("eth0"));
      second.check(b.features("eth0"));
      assertThat(traffic.ping(200)).hasSize(200);
      System.out.printf(
          "%s to %s: TCP %s, back %s, UDP %s%n",
          first,
          second,
          rate(traffic.iperf("--time 1")),
          rate(traffic.iperf("--time 1 --reverse")),
          rate(traffic.iperf("--time 1 --udp --bitrate 50M --length 4000")));
      traffic.carriesAFile(FILE_MEGABYTES);
    }
  }

  @Tag("long")
  @Test
  void aThousandPingsAllComeBackWhereADeviceOffersLittle() {
    String bus = "packed = false, event-idx = false, indirect = false, in-order = false";
    try (GuestLab lab = new GuestLab(dir, 2, bus, "offloads = false", "")) {
      LinuxGuest a = lab.guest(0, "packed=on");
      LinuxGuest b = lab.guest(1);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      for (Feature feature :
          List.of(Feature.RING_PACKED, Feature.EVENT_IDX, Feature.INDIRECT_DESC)) {
        assertThat(a.features("eth0").get(feature.bit())).as("%s", feature).isFalse();
      }
      assertThat(traffic.ping(1000)).hasSize(1000);
      traffic.carriesAFile(FILE_MEGABYTES);
    }
  }

  @Test
  void guestsUseSeveralPairsOfQueues() {
    Requirements.qemu10();
    try (GuestLab lab = new GuestLab(dir, 2, "", "queues = 2", "")) {
      UnaryOperator<GuestBuilder> machine = guest -> guest.qemu(Qemu.V10).cpus(2);
      LinuxGuest a = lab.guest(0, machine, 2, "mq=on", "packed=on");
      LinuxGuest b = lab.guest(1, machine, 2, "mq=on");
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      assertThat(traffic.ping(200)).hasSize(200);
      System.out.printf(
          "two pairs: TCP %s, back %s%n",
          rate(traffic.iperf("--time 1 --parallel 8")),
          rate(traffic.iperf("--time 1 --parallel 8 --reverse")));
      traffic.carriesAFile(FILE_MEGABYTES);
      for (LinuxGuest guest : List.of(a, b)) {
        for (String queue : List.of("input.0", "input.1")) {
          assertThat(guest.interrupts("virtio1-" + queue)).as(queue).isPositive();
        }
      }
    }
  }

  @Test
  void aGuestReachesTheHostsKernelThroughTheUplink() {
    Requirements.namespacesAnd("iperf3");
    try (Namespaces namespaces = new Namespaces()) {
      String network = namespaces.make();
      String uplink = "tap { name = vbus0, netns = " + network + " }";
      try (GuestLab lab = new GuestLab(dir, 1, "", "", uplink)) {
        Namespaces.address(network, "vbus0", "10.74.0.2/24");
        Path log = dir.resolve("iperf3");
        Process _ = namespaces.start(network, log, "iperf3", "--server", "--forceflush");
        LinuxGuest guest = lab.guest(0, "packed=on").awaitBoot();
        guest.address("eth0", "10.74.0.1/24");
        Run ping = guest.run("ping -A -c 200 10.74.0.2").ok();
        assertThat(ping.out()).contains("200 packets transmitted, 200 packets received");
        System.out.printf(
            "guest to tap: TCP %s, back %s%n",
            rate(GuestTraffic.iperf(guest, "10.74.0.2", "--time 1")),
            rate(GuestTraffic.iperf(guest, "10.74.0.2", "--time 1 --reverse")));
        assertThat(Namespaces.snmp(network, "Tcp", "InCsumErrors")).isZero();
        // Segments travel uncut both ways.
        assertThat(meanLength(network, "rx")).isGreaterThan(MTU);
        assertThat(meanLength(network, "tx")).isGreaterThan(MTU);
      }
    }
  }

  private static long meanLength(String network, String direction) {
    return Namespaces.counter(network, "vbus0", direction + "_bytes")
        / Namespaces.counter(network, "vbus0", direction + "_packets");
  }

  private static String rate(Config end) {
    assertThat(end.getLong("sum_received.bytes")).isGreaterThan(1 << 20);
    return "%.0f Mbit/s".formatted(end.getDouble("sum_received.bits_per_second") / 1e6);
  }
}
