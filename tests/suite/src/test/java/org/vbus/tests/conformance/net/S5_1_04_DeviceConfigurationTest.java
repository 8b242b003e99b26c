package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.tests.conformance.net.Lan.STATION;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MRG_RXBUF;
import static org.vbus.tests.conformance.net.NetGuest.OFFLOADS;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.tests.conformance.Clause;
import org.vbus.venet.VenetConfig;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.l2.DropReason;

/// What the device offers and says in its configuration (5.1.3, 5.1.4).
class S5_1_04_DeviceConfigurationTest {
  private static final int MTU = 10;
  private static final int STATUS = 6;

  /// GUEST_OFFLOADS, VQ, RX, VLAN, RX_EXTRA, ANNOUNCE, MAC_ADDR, VQ_NOTF_COAL, NOTF_COAL.
  private static final long CONTROL = 1L << 2 | 0x1fL << 17 | 1L << 23 | 3L << 52;

  private static final long ALL =
      NetGuest.PLAIN | MRG_RXBUF | OFFLOADS | CONTROL | RingFormat.SPLIT.features();
  private static final long SPARING =
      NetGuest.PLAIN | (RingFormat.SPLIT.features() & ~Feature.INDIRECT_DESC.mask());

  private final Lan lan = new Lan();

  @Test
  @Clause({"5.1.4.1-D13", "5.1.4.1-D14"})
  void offersWhatItCanDoAndNothingElse() {
    assertThat(new NetGuest(lan).virtio.offeredFeatures()).isEqualTo(ALL);
    VenetOptions modest = VenetOptions.standard().withOffloads(false).withQueues(4);
    assertThat(new NetGuest(lan, MAC + 1, modest, 0, 64).virtio.offeredFeatures())
        .isEqualTo((ALL & ~OFFLOADS & ~(1L << 2)) | NetGuest.MQ);
  }

  @Test
  void addressStatusAndMtuAreWhereTheLayoutPutsThem() {
    NetGuest guest = new NetGuest(lan, 0x0212_3456_789aL, 9000, 0, 64);
    long[] bytes = new long[12];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = guest.virtio.readConfig(i, 1);
    }
    assertThat(bytes)
        .containsExactly(0x02, 0x12, 0x34, 0x56, 0x78, 0x9a, 1, 0, 1, 0, 9000 & 0xff, 9000 >> 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {68, 1280, 1500, 9000, 65535})
  @Clause("5.1.4.1-D2")
  void theMtuIsWhatWasConfigured(int mtu) {
    assertThat(new NetGuest(lan, MAC, mtu, 0, 64).virtio.readConfig(MTU, 2)).isEqualTo(mtu);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 67, 65536, 131072 + 1500})
  @Clause("5.1.4.1-D2")
  void noDeviceHasAnMtuOutOfRange(int mtu) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VenetDevice("eth0", lan.network, MAC, mtu, 0))
        .withMessage("mtu is from 68 to 65535, not " + mtu);
  }

  @ParameterizedTest
  @CsvSource({
    "0,            00:00:00:00:00:00",
    "0x010000000001, 01:00:00:00:00:01",
    "0xffffffffffff, ff:ff:ff:ff:ff:ff"
  })
  void noDeviceHasAnAddressThatIsNotOneStations(String mac, String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VenetDevice("eth0", lan.network, Long.decode(mac), 1500, 0))
        .withMessage(text + " is not the address of a single station");
    // And the switch has no trace of it.
    assertThat(lan.network.l2().ports()).hasSize(1);
  }

  @Test
  @Clause("5.1.4.1-D3")
  void withoutOtherWordsTheMtuIsAtLeast1280() {
    assertThat(VenetConfig.on("lan").mtu()).isGreaterThanOrEqualTo(1280);
  }

  @Test
  @Clause("5.1.4.1-D4")
  void theMtuStaysWhateverTheDriverWritesAndHoweverOftenItResets() {
    NetGuest guest = new NetGuest(lan);
    for (int size : new int[] {1, 2, 4}) {
      guest.virtio.writeConfig(MTU, size, 0x1234_5678);
    }
    guest.virtio.writeConfig(MTU + 1, 1, 0xff);
    guest.device.linkUp(false);
    assertThat(guest.virtio.readConfig(MTU, 2)).isEqualTo(1500);
    guest.virtio.writeStatus(0);
    guest.start(SPARING, true);
    assertThat(guest.virtio.readConfig(MTU, 2)).isEqualTo(1500);
  }

  @Test
  void theDriverIsToldOfTheLinkAndFindsItInTheStatus() {
    NetGuest guest = new NetGuest(lan);
    int generation = guest.virtio.configGeneration();
    guest.device.linkUp(false);
    assertThat(guest.virtio.readConfig(STATUS, 2)).isZero();
    assertThat(guest.configSignals()).isEqualTo(1);
    assertThat(guest.virtio.configGeneration()).isNotEqualTo(generation);
    guest.device.linkUp(true);
    assertThat(guest.virtio.readConfig(STATUS, 2)).isEqualTo(1);
    assertThat(guest.configSignals()).isEqualTo(2);
  }

  @Test
  void aDriverThatIsNotReadyHearsNothingOfTheLinkButReadsIt() {
    NetGuest guest = new NetGuest(lan);
    guest.virtio.writeStatus(0);
    guest.device.linkUp(false);
    assertThat(guest.configSignals()).isZero();
    assertThat(guest.virtio.readConfig(STATUS, 2)).isZero();
  }

  @Test
  void whileTheLinkIsDownFramesOfBothDirectionsAreDroppedAndCounted() {
    NetGuest guest = new NetGuest(lan);
    guest.offer(2048);
    guest.device.linkUp(false);
    byte[] out = Frames.frame(STATION, MAC, Frames.IPV4, 60);
    guest.send(Frames.join(Frames.plainHeader(), out));
    lan.deliver(Frames.frame(MAC, STATION, Frames.IPV4, 60));
    assertThat(lan.received()).isEmpty();
    assertThat(guest.used()).isEmpty();
    assertThat(guest.drops(DropReason.LINK_DOWN)).isEqualTo(2);
    guest.device.linkUp(true);
    guest.send(Frames.join(Frames.plainHeader(), out));
    lan.deliver(Frames.frame(MAC, STATION, Frames.IPV4, 60));
    assertThat(lan.received()).containsExactly(out);
    assertThat(guest.used()).hasSize(1);
  }
}
