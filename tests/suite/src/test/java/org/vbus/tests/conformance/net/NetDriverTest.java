package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.NetGuest.MAC;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.tests.conformance.Clause;
import org.vbus.venet.l2.MacAddress;

/// What our driver asks of a network device and sends to it (5.1.4.2, 5.1.9.2.1, 5.1.9.3.1).
class NetDriverTest {
  private static final long OTHER = 0x5254_0000_0002L;
  private static final long MTU = 1L << NetDriver.F_MTU;
  private static final long MACS = 1L << NetDriver.F_MAC;
  private static final long STATUS = 1L << NetDriver.F_STATUS;
  private static final long MERGE = 1L << NetDriver.F_MRG_RXBUF;
  private static final long VERSION_1 = Feature.VERSION_1.mask();

  private static ScriptedNic nic(long features, int mtu) {
    ScriptedNic nic = new ScriptedNic(features | VERSION_1);
    byte[] mac = Frames.frame(MAC, 0, 0, 6);
    System.arraycopy(mac, 0, nic.config, 0, 6);
    nic.config(6, 2, 1);
    nic.config(10, 2, mtu);
    return nic;
  }

  private static boolean send(NetDriver driver, byte[] frame) {
    boolean taken = driver.send(MemorySegment.ofArray(frame), 0, frame.length);
    driver.flush();
    return taken;
  }

  private static byte[] frame(int length) {
    return Frames.frame(OTHER, MAC, Frames.IPV4, length);
  }

  @Test
  @Clause({
    "5.1.4.2-R2",
    "5.1.4.2-R6",
    "5.1.4.2-R12",
    "5.1.4.2-R13",
    "5.1.9.2.1-R1",
    "5.1.9.3.1-R4",
    "5.1.9.2-S2"
  })
  void ofAllFeaturesItAcceptsThoseItKnowsSoThatTheHeaderHas12Bytes() {
    ScriptedNic nic = nic(-1L, 1500);
    NetDriver driver = nic.driver(64);
    long hashReport = 1L << 57;
    long ctrlRxExtra = 1L << 20;
    assertThat(nic.accepted())
        .isEqualTo(MTU | MACS | STATUS | MERGE | NetDriver.UNDERSTOOD)
        .matches(accepted -> (accepted & (hashReport | ctrlRxExtra)) == 0);
    send(driver, frame(60));
    assertThat(nic.sent()).isEqualTo(Frames.join(Frames.plainHeader(), frame(60)));
    byte[] in = Frames.frame(MAC, OTHER, Frames.IPV4, 77);
    nic.deliver(Frames.join(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, in), 12 + 77);
    assertThat(nic.received).containsExactly(in);
  }

  @Test
  @Clause({"5.1.4.2-R2", "5.1.4.2-R3"})
  void theInterfaceHasTheAddressOfTheDevice() {
    assertThat(nic(MACS, 1500).driver(64).mac()).isEqualTo(MAC);
    assertThat(nic(MACS, 1500).driver(64).features()).isEqualTo(MACS | VERSION_1);
  }

  @Test
  @Clause("5.1.4.2-R4")
  void withoutAnAddressItTakesALocallyAdministeredOne() {
    long mac = nic(0, 1500).driver(64).mac();
    assertThat(mac).isNotEqualTo(MAC);
    assertThat(MacAddress.isLocallyAdministered(mac)).isTrue();
    assertThat(MacAddress.isMulticast(mac)).isFalse();
    assertThat(mac >>> 48).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0, false", "1, true", "0xfffe, false", "0xffff, true", "2, false", "3, true"})
  @Clause("5.1.4.2-R5")
  void theLinkIsTheLowestBitOfTheStatus(String status, boolean up) {
    ScriptedNic nic = nic(STATUS, 1500);
    nic.config(6, 2, Integer.decode(status));
    assertThat(nic.driver(64).linkUp()).isEqualTo(up);
    nic = nic(0, 1500);
    nic.config(6, 2, Integer.decode(status));
    assertThat(nic.driver(64).linkUp()).as("without the feature").isTrue();
  }

  @Test
  @Clause("5.1.4.2-R5")
  void aChangeOfTheLinkIsReadAgain() {
    ScriptedNic nic = nic(STATUS, 1500);
    NetDriver driver = nic.driver(64);
    List<Boolean> heard = new ArrayList<>();
    driver.onLinkChange(() -> heard.add(driver.linkUp()));
    nic.config(6, 2, 0);
    nic.configChanged();
    nic.config(6, 2, 1);
    nic.configChanged();
    assertThat(heard).containsExactly(false, true);
  }

  /// In one buffer, or in all of them together.
  @ParameterizedTest
  @CsvSource({
    "1500, 64, true", "1500, 64, false", "9000, 64, true", "9000, 64, false", "65535, 64, true",
    "65535, 32, false", "65535, 4, true", "9000, 2, true", "9000, 1, true", "68, 4, false"
  })
  @Clause({"5.1.4.2-R7", "5.1.9.3.1-R2", "5.1.9.3.1-R3"})
  void theBuffersOfferedHoldAFrameOfTheMtu(int mtu, int queueSize, boolean mergeable) {
    ScriptedNic nic = nic(MTU | (mergeable ? MERGE : 0), mtu);
    nic.driver(queueSize);
    List<Integer> buffers = nic.receiveBuffers();
    assertThat(buffers).hasSize(queueSize);
    if (mergeable) {
      assertThat(buffers).allMatch(size -> size >= 12);
      assertThat(buffers.stream().mapToInt(Integer::intValue).sum())
          .isGreaterThanOrEqualTo(12 + mtu + 14);
    } else {
      assertThat(buffers).allMatch(size -> size >= 12 + mtu + 14 && size >= 1526);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {68, 1280, 1500, 9000, 65535})
  @Clause("5.1.4.2-R8")
  void itSendsWhatTheMtuAllowsAndNothingLonger(int mtu) {
    ScriptedNic nic = nic(MTU, mtu);
    NetDriver driver = nic.driver(16);
    assertThat(driver.mtu()).isEqualTo(mtu);
    for (int length : new int[] {14, 60, mtu + 14}) {
      assertThat(send(driver, frame(length))).isTrue();
      assertThat(nic.sent()).isEqualTo(Frames.join(Frames.plainHeader(), frame(length)));
    }
    byte[] tagged = Frames.tagged(OTHER, MAC, Frames.CUSTOMER_TAG, 5, mtu + 18);
    assertThat(send(driver, tagged)).isTrue();
    assertThat(nic.sent()).hasSize(12 + mtu + 18);
    assertThat(send(driver, frame(mtu + 15))).isFalse();
    assertThat(send(driver, frame(mtu + 18))).isFalse();
    assertThat(send(driver, Frames.tagged(OTHER, MAC, Frames.CUSTOMER_TAG, 5, mtu + 19))).isFalse();
    assertThat(send(driver, new byte[13])).isFalse();
    assertThat(nic.sent()).isNull();
    assertThat(driver.sendFailures()).isEqualTo(4);
  }

  /// No offload is understood, so the header is all zero: flags, gso_type, num_buffers. Checksums
  /// are the business of whoever made the frame. The device dirties each buffer it has taken, and
  /// each is used several times.
  @ParameterizedTest
  @ValueSource(longs = {0, MTU, MERGE, -1L})
  @Clause({
    "5.1.9.2.1-R1", "5.1.9.2.1-R2", "5.1.9.2.1-R3", "5.1.9.2.1-R5", "5.1.9.2.1-R6",
    "5.1.9.2.1-R7", "5.1.9.2.1-R8", "5.1.9.2.1-R9", "5.1.9.2.1-R10", "5.1.9.2.1-R12",
    "5.1.9.2.1-R13", "5.1.9.2.1-R14", "5.1.9.2.1-R15", "5.1.9.2.1-R16", "5.1.9.2.1-R21",
    "5.1.9.2.1-R30", "5.1.9.2.1-R31", "5.1.9.2.1-R33", "5.1.9.2.1-R34", "5.1.9.2-S2"
  })
  void theHeaderOfEveryPacketIsZero(long offered) {
    ScriptedNic nic = nic(offered, 1500);
    NetDriver driver = nic.driver(8);
    for (int i = 0; i < 40; i++) {
      byte[] frame = frame(14 + 37 * i);
      assertThat(send(driver, frame)).isTrue();
      byte[] packet = nic.sent();
      assertThat(Arrays.copyOf(packet, 12)).as("header %d", i).containsOnly(0);
      assertThat(Arrays.copyOfRange(packet, 12, packet.length)).isEqualTo(frame);
    }
  }

  @Test
  void aDeviceThatTakesNothingLetsTheDriverFailNotWait() {
    ScriptedNic nic = nic(0, 1500);
    NetDriver driver = nic.driver(8);
    for (int i = 0; i < 8; i++) {
      assertThat(send(driver, frame(60))).isTrue();
    }
    assertThat(send(driver, frame(60))).isFalse();
    assertThat(driver.sendFailures()).isEqualTo(1);
    assertThat(nic.sent()).isNotNull();
    assertThat(send(driver, frame(61))).isTrue();
    assertThat(driver.sent()).isEqualTo(9);
  }
}
