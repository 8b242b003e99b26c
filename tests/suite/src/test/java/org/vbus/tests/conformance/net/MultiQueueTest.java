package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.tests.conformance.net.NetGuest.CTRL_VQ;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MQ;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.Packets.Kind;
import org.vbus.venet.VenetOptions;

/// Several pairs of queues with automatic receive steering (5.1.9.5.6).
class MultiQueueTest {
  private static final int PAIRS = 4;
  private static final long OTHER = 0x5254_0000_00eeL;

  private final Lan lan = new Lan();

  private NetGuest guest(long features) {
    return new NetGuest(lan, MAC, VenetOptions.standard().withQueues(PAIRS), features, 64);
  }

  private static int setPairs(NetGuest guest, int pairs) {
    return guest.command(4, 0, (byte) pairs, (byte) (pairs >>> 8));
  }

  /// A packet of a flow by its number; backwards, what the other side answers.
  private static byte[] packet(Kind kind, int flow, boolean backwards) {
    long to = backwards ? MAC : OTHER;
    long from = backwards ? OTHER : MAC;
    byte[] frame = Packets.packet(kind, to, from, 1, 0x10, new byte[10], true);
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    int ports = kind.checksumStart();
    int ours = 1000 + flow * 37;
    bytes.putShort(ports, (short) (backwards ? 80 : ours));
    bytes.putShort(ports + 2, (short) (backwards ? ours : 80));
    if (backwards) {
      int size = kind.ip == 20 ? 4 : 16;
      byte[] source = new byte[size];
      bytes.get(ports - 2 * size, source);
      bytes.put(ports - 2 * size, frame, ports - size, size);
      bytes.put(ports - size, source);
    }
    return frame;
  }

  private static void fill(NetGuest guest) {
    for (int pair = 0; pair < PAIRS; pair++) {
      for (int i = 0; i < 16; i++) {
        guest.offerTo(pair, 2048);
      }
    }
  }

  /// Where one frame arrives, -1 for nowhere.
  private int pairOf(NetGuest guest, byte[] frame) {
    lan.deliver(frame);
    int found = -1;
    for (int pair = 0; pair < PAIRS; pair++) {
      List<byte[]> frames = guest.frames(pair);
      if (!frames.isEmpty()) {
        assertThat(found).as("it arrives once").isEqualTo(-1);
        assertThat(frames).containsExactly(frame);
        found = pair;
        guest.offerTo(pair, 2048);
      }
    }
    return found;
  }

  @Test
  @Clause("5.1.4.1-D1")
  void theConfigurationSaysHowMany() {
    assertThat(guest(CTRL_VQ | MQ).virtio.readConfig(8, 2)).isEqualTo(PAIRS);
    for (int pairs : new int[] {Integer.MIN_VALUE, 0, 129}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> VenetOptions.standard().withQueues(pairs))
          .withMessage("queues is from 1 to 128 pairs, not " + pairs);
    }
  }

  @Test
  @Clause({"5.1.9.5.6.2-D1", "5.1.9.5.6.2-D2"})
  void onlyThePairsInUseReceive() {
    NetGuest guest = guest(CTRL_VQ | MQ);
    fill(guest);
    for (int flow = 0; flow < 40; flow++) {
      assertThat(pairOf(guest, packet(Kind.TCP4, flow, true))).isZero();
    }
    for (int pairs : new int[] {4, 2, 3, 1}) {
      assertThat(setPairs(guest, pairs)).isZero();
      boolean[] used = new boolean[PAIRS];
      for (int flow = 0; flow < 200; flow++) {
        used[pairOf(guest, packet(Kind.TCP4, flow, true))] = true;
      }
      for (int pair = 0; pair < PAIRS; pair++) {
        assertThat(used[pair]).as("pair %d of %d", pair, pairs).isEqualTo(pair < pairs);
      }
    }
    setPairs(guest, 4);
    guest.restart();
    fill(guest);
    for (int flow = 0; flow < 40; flow++) {
      assertThat(pairOf(guest, packet(Kind.TCP4, flow, true))).as("after a reset").isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  @Clause({"5.1.9.5.6-S3", "5.1.9.5.6-S4"})
  void aFlowIsAnsweredOnThePairItWasSentOn(Kind kind) {
    NetGuest guest = guest(CTRL_VQ | MQ);
    fill(guest);
    setPairs(guest, PAIRS);
    for (int round = 0; round < 3; round++) {
      for (int flow = 0; flow < 20; flow++) {
        guest.sendOn((flow + round) % PAIRS, packet(kind, flow, false));
      }
      lan.received();
      int right = 0;
      for (int flow = 0; flow < 20; flow++) {
        right += pairOf(guest, packet(kind, flow, true)) == (flow + round) % PAIRS ? 1 : 0;
      }
      // Flows may share an entry of the table; hardly two of twenty do.
      assertThat(right).isGreaterThanOrEqualTo(18);
    }
  }

  /// Over vhost-user the front-end keeps the control queue and enables rings as its guest commands.
  @Test
  void withoutAControlQueueAllPairsThatAreSetUpReceive() {
    NetGuest guest = guest(MQ);
    fill(guest);
    boolean[] used = new boolean[PAIRS];
    for (int flow = 0; flow < 200; flow++) {
      used[pairOf(guest, packet(Kind.UDP4, flow, true))] = true;
    }
    assertThat(used).containsExactly(true, true, true, true);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  @Clause({"5.1.9.5.6.2-D3", "5.1.9.5.6.2-D4"})
  void aQueueThatIsNotThereIsPassedOver(int missing) {
    NetGuest guest = guest(CTRL_VQ | MQ);
    fill(guest);
    setPairs(guest, PAIRS);
    guest.virtio.queueReady(2 * missing, false);
    for (int flow = 0; flow < 100; flow++) {
      assertThat(pairOf(guest, packet(Kind.TCP6, flow, true)))
          .isNotEqualTo(missing)
          .isNotEqualTo(-1);
    }
    assertThat(setPairs(guest, PAIRS)).as("a pair that is not set up").isEqualTo(1);
    for (int pair = 0; pair < PAIRS; pair++) {
      guest.virtio.queueReady(2 * pair, false);
    }
    assertThat(pairOf(guest, packet(Kind.TCP6, 1, true))).isEqualTo(-1);
  }

  @Test
  void whatIsNoPacketOfAFlowArrivesSomewhereAndBytesOfAnyKindDo() {
    NetGuest guest = guest(CTRL_VQ | MQ);
    fill(guest);
    setPairs(guest, PAIRS);
    assertThat(pairOf(guest, Frames.frame(MAC, OTHER, 0x0806, 60))).isNotEqualTo(-1);
    for (int length = 14; length < 80; length++) {
      assertThat(pairOf(guest, Frames.frame(MAC, OTHER, Frames.IPV4, length))).isNotEqualTo(-1);
      assertThat(pairOf(guest, Frames.frame(MAC, OTHER, 0x86dd, length))).isNotEqualTo(-1);
      assertThat(pairOf(guest, Frames.frame(MAC, OTHER, 0x8100, length))).isNotEqualTo(-1);
      guest.sendOn(length % PAIRS, Frames.frame(OTHER, MAC, 0x86dd, length));
    }
  }

  @Test
  void withoutMultiqueueTheControlQueueIsTheThird() {
    NetGuest guest = guest(CTRL_VQ | 1L << 18);
    assertThat(guest.control.index()).isEqualTo(2);
    assertThat(guest.command(0, 0, (byte) 1)).isZero();
    assertThat(setPairs(guest, 1)).as("MQ was not negotiated").isEqualTo(1);
    guest.device.close();
    assertThat(guest(CTRL_VQ | MQ).control.index()).isEqualTo(2 * PAIRS);
  }
}
