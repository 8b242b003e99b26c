package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.Lan.STATION;
import static org.vbus.tests.conformance.net.NetGuest.CTRL_VQ;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MQ;
import static org.vbus.tests.conformance.net.NetGuest.OFFLOADS;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.NetGuest.Piece;
import org.vbus.tests.conformance.net.Packets.Kind;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.MacAddress;

/// Commands (5.1.9.5) and what they change.
class ControlQueueTest {
  private static final int OK = 0;
  private static final int ERR = 1;
  private static final int RX = 0;
  private static final int PROMISC = 0;
  private static final int ALLMULTI = 1;
  private static final int ALLUNI = 2;
  private static final int NOMULTI = 3;
  private static final int NOUNI = 4;
  private static final int NOBCAST = 5;
  private static final long CTRL_RX = 1L << 18;
  private static final long CTRL_VLAN = 1L << 19;
  private static final long CTRL_RX_EXTRA = 1L << 20;
  private static final long GUEST_ANNOUNCE = 1L << 21;
  private static final long CTRL_MAC_ADDR = 1L << 23;
  private static final long GUEST_OFFLOADS = 1L << 2;
  private static final long COAL = 3L << 52;
  private static final long EVERYTHING =
      CTRL_VQ
          | CTRL_RX
          | CTRL_VLAN
          | CTRL_RX_EXTRA
          | GUEST_ANNOUNCE
          | CTRL_MAC_ADDR
          | GUEST_OFFLOADS
          | OFFLOADS
          | COAL
          | MQ;
  private static final long UNICAST = 0x5254_0000_0077L;
  private static final long MULTICAST = 0x0100_5e00_0001L;

  private final Lan lan = new Lan();

  private NetGuest guest(long features) {
    return new NetGuest(lan, MAC, VenetOptions.standard().withQueues(4), features, 64);
  }

  /// Whether a frame to this address arrives, tagged for a VLAN unless that is -1.
  private boolean arrives(NetGuest guest, long destination, int vlan) {
    guest.offerTo(0, 2048);
    byte[] frame =
        vlan < 0
            ? Frames.frame(destination, STATION, Frames.IPV4, 80)
            : Frames.tagged(destination, STATION, Frames.CUSTOMER_TAG, vlan | 0x6000, 80);
    lan.deliver(frame);
    return !guest.frames(0).isEmpty();
  }

  private boolean arrives(NetGuest guest, long destination) {
    return arrives(guest, destination, -1);
  }

  /// Which kinds of frames arrive: own, other station, group, broadcast.
  private String kinds(NetGuest guest) {
    return (arrives(guest, guest.mac()) ? "o" : "")
        + (arrives(guest, UNICAST) ? "u" : "")
        + (arrives(guest, MULTICAST) ? "m" : "")
        + (arrives(guest, MacAddress.BROADCAST) ? "b" : "");
  }

  private static byte[] mac(long mac) {
    return ByteBuffer.allocate(8).putShort((short) (mac >>> 32)).putInt((int) mac).array();
  }

  private static byte[] address(long mac) {
    byte[] bytes = new byte[6];
    System.arraycopy(mac(mac), 0, bytes, 0, 6);
    return bytes;
  }

  /// Two tables of addresses.
  private static byte[] tables(List<Long> stations, List<Long> groups) {
    ByteBuffer out =
        ByteBuffer.allocate(8 + 6 * (stations.size() + groups.size()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (List<Long> table : List.of(stations, groups)) {
      out.putInt(table.size());
      table.forEach(mac -> out.put(address(mac)));
    }
    return out.array();
  }

  private static byte[] le(int bytes, long... values) {
    ByteBuffer out = ByteBuffer.allocate(bytes * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      for (int i = 0; i < bytes; i++) {
        out.put((byte) (value >>> (8 * i)));
      }
    }
    return out.array();
  }

  private static byte[] join(byte[] first, byte[] second) {
    return Frames.join(first, second);
  }

  @Test
  void withoutFiltersEverythingArrives() {
    assertThat(kinds(guest(CTRL_VQ))).isEqualTo("oumb");
    assertThat(kinds(new NetGuest(lan, MAC + 1, 1500, 0, 64))).isEqualTo("oumb");
  }

  @Test
  @Clause({"5.1.9.5.2.1-D1", "5.1.9.5.2.1-D4"})
  void withFiltersOnlyOwnFramesAndBroadcastsArriveAtFirst() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX);
    assertThat(kinds(guest)).isEqualTo("ob");
    assertThat(guest.drops(DropReason.FILTERED)).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"0, oumb", "1, omb", "2, oub", "3, ob", "4, b", "5, o"})
  @Clause({
    "5.1.9.5.1.1-D1",
    "5.1.9.5.1.1-D2",
    "5.1.9.5.1.1-D4",
    "5.1.9.5.1.1-D5",
    "5.1.9.5.1.1-D6",
    "5.1.9.5.1.1-D8",
    "5.1.9.5.1.1-D10",
    "5.1.9.5.1.1-D12"
  })
  void eachModeIsTurnedOnAndOff(int command, String kinds) {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX | CTRL_RX_EXTRA);
    assertThat(guest.command(RX, command, (byte) 1)).isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo(kinds);
    assertThat(guest.command(RX, command, (byte) 0)).isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo("ob");
  }

  @Test
  @Clause({
    "5.1.9.5.1.1-D3",
    "5.1.9.5.1.1-D7",
    "5.1.9.5.1.1-D9",
    "5.1.9.5.1.1-D11",
    "5.1.9.5.1.1-D13"
  })
  void suppressingGoesBeforeLettingInAndPromiscuousBeforeAll() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX | CTRL_RX_EXTRA);
    for (int command : new int[] {ALLMULTI, ALLUNI}) {
      assertThat(guest.command(RX, command, (byte) 1)).isEqualTo(OK);
    }
    assertThat(kinds(guest)).isEqualTo("oumb");
    guest.command(RX, NOMULTI, (byte) 1);
    assertThat(kinds(guest)).as("no multicast, broadcast all the same").isEqualTo("oub");
    guest.command(RX, NOUNI, (byte) 1);
    assertThat(kinds(guest)).isEqualTo("b");
    guest.command(RX, NOBCAST, (byte) 1);
    assertThat(kinds(guest)).isEmpty();
    guest.command(RX, NOMULTI, (byte) 0);
    assertThat(kinds(guest)).as("all multicast, but no broadcast").isEqualTo("m");
    guest.command(RX, PROMISC, (byte) 1);
    assertThat(kinds(guest)).isEqualTo("oumb");
  }

  @Test
  @Clause({"5.1.9.5.2.1-D2", "5.1.9.5.2.1-D4", "5.1.9.5.2.1-D1"})
  void theTablesLetTheirAddressesInAndAreReplacedAndForgotten() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX);
    assertThat(guest.command(1, 0, tables(List.of(UNICAST, UNICAST + 1), List.of(MULTICAST))))
        .isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo("oumb");
    assertThat(arrives(guest, UNICAST + 1)).isTrue();
    assertThat(arrives(guest, UNICAST + 2)).isFalse();
    assertThat(arrives(guest, MULTICAST + 1)).isFalse();
    assertThat(guest.command(1, 0, tables(List.of(), List.of(MULTICAST + 1)))).isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo("ob");
    assertThat(arrives(guest, MULTICAST + 1)).isTrue();
    guest.virtio.writeStatus(0);
    NetGuest again = new NetGuest(lan, MAC + 1, 1500, CTRL_VQ | CTRL_RX, 64);
    assertThat(kinds(again)).isEqualTo("ob");
  }

  /// As many as a driver likes: what is not kept is let in.
  @Test
  void moreAddressesThanAreKeptLetAllOfTheirKindIn() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX);
    List<Long> many = new ArrayList<>();
    for (long i = 0; i < 65; i++) {
      many.add(UNICAST + 100 + i);
    }
    assertThat(guest.command(1, 0, tables(many, List.of()))).isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo("oub");
    assertThat(guest.command(1, 0, tables(many.subList(0, 64), List.of()))).isEqualTo(OK);
    assertThat(kinds(guest)).isEqualTo("ob");
    assertThat(arrives(guest, many.get(63))).isTrue();
  }

  @Test
  @Clause({"5.1.9.5.2.1-D3", "5.1.9.5.2.1-D4"})
  void anotherDefaultAddressIsInTheConfigurationAndLetIn() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX | CTRL_MAC_ADDR);
    assertThat(guest.command(1, 1, address(UNICAST))).isEqualTo(OK);
    for (int i = 0; i < 6; i++) {
      assertThat(guest.virtio.readConfig(i, 1)).isEqualTo(address(UNICAST)[i] & 0xff);
    }
    assertThat(kinds(guest)).isEqualTo("ub");
    guest.virtio.writeStatus(0);
    assertThat(guest.virtio.readConfig(5, 1)).as("after a reset").isEqualTo(1);
  }

  @Test
  @Clause({"5.1.9.5.3.1-D1", "5.1.9.5.3.1-D2"})
  void taggedFramesArriveByVlan() {
    NetGuest guest = guest(CTRL_VQ | CTRL_VLAN);
    assertThat(kinds(guest)).as("untagged").isEqualTo("oumb");
    assertThat(arrives(guest, MAC, 5)).isFalse();
    assertThat(guest.command(2, 0, le(2, 5))).isEqualTo(OK);
    assertThat(guest.command(2, 0, le(2, 4095))).isEqualTo(OK);
    assertThat(arrives(guest, MAC, 5)).isTrue();
    assertThat(arrives(guest, UNICAST, 4095)).isTrue();
    assertThat(arrives(guest, MAC, 6)).isFalse();
    assertThat(guest.command(2, 1, le(2, 5))).isEqualTo(OK);
    assertThat(arrives(guest, MAC, 5)).isFalse();
    assertThat(arrives(guest, MAC, 4095)).isTrue();
    NetGuest open = new NetGuest(lan, MAC + 1, 1500, CTRL_VQ, 64);
    assertThat(arrives(open, MAC + 1, 5)).isTrue();
  }

  @Test
  @Clause("5.1.9.5.4.2-D1")
  void theDriverIsAskedToAnnounceItselfAndSaysThatItDid() {
    NetGuest guest = guest(CTRL_VQ | GUEST_ANNOUNCE);
    guest.device.announce();
    assertThat(guest.virtio.readConfig(6, 2)).isEqualTo(3);
    assertThat(guest.configSignals()).isEqualTo(1);
    assertThat(lan.received()).isEmpty();
    guest.device.linkUp(false);
    assertThat(guest.virtio.readConfig(6, 2)).isEqualTo(2);
    assertThat(guest.command(3, 0)).isEqualTo(OK);
    assertThat(guest.virtio.readConfig(6, 2)).isZero();
  }

  /// A reverse ARP request (RFC 903).
  @Test
  void forADriverThatCannotTheDeviceAnnouncesIt() {
    NetGuest guest = guest(CTRL_VQ);
    guest.device.announce();
    List<byte[]> sent = lan.received();
    assertThat(sent).hasSize(1);
    ByteBuffer frame = ByteBuffer.wrap(sent.getFirst());
    assertThat(frame.capacity()).isEqualTo(60);
    assertThat(frame.getShort(0)).isEqualTo((short) 0xffff);
    assertThat(frame.getInt(2)).isEqualTo(-1);
    assertThat(frame.getShort(6)).isEqualTo((short) (MAC >>> 32));
    assertThat(frame.getInt(8)).isEqualTo((int) MAC);
    assertThat(frame.getShort(12)).isEqualTo((short) 0x8035);
    assertThat(frame.getShort(20)).isEqualTo((short) 3);
    assertThat(frame.getInt(24)).isEqualTo((int) MAC);
    assertThat(frame.getInt(34)).isEqualTo((int) MAC);
    assertThat(guest.device.announce(MAC + 1)).as("another station").isTrue();
    assertThat(guest.device.announce(0)).as("no station").isFalse();
    assertThat(guest.device.announce(MacAddress.BROADCAST)).as("a group").isFalse();
    assertThat(guest.virtio.readConfig(6, 2)).isEqualTo(1);
  }

  @Test
  void offloadsAreSwitchedOffAndOn() {
    NetGuest guest = guest(CTRL_VQ | GUEST_OFFLOADS | OFFLOADS);
    NetGuest sender = new NetGuest(lan, MAC + 1, 1500, OFFLOADS, 64);
    byte[] packet = Packets.packet(Kind.TCP4, MAC, MAC + 1, 1, 0x10, new byte[3000], false);
    byte[] large = join(Packets.gsoHeader(Kind.TCP4, 1000), packet);
    long all = 1L << 1 | 7L << 7 | 3L << 54;
    long[] settings = {all, 0, all, 1L << 1, all & ~(1L << 7), all};
    int[] frames = {1, 3, 1, 3, 3, 1};
    for (int i = 0; i < settings.length; i++) {
      assertThat(guest.command(5, 0, le(8, settings[i]))).isEqualTo(OK);
      for (int n = 0; n < 3; n++) {
        guest.offerTo(0, 65601);
      }
      sender.send(large);
      assertThat(guest.frames(0)).as("0x%x", settings[i]).hasSize(frames[i]);
      guest.restart();
    }
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of(0, 0, new byte[0], "mode without a value"),
        Arguments.of(0, 0, new byte[] {2}, "mode neither on nor off"),
        Arguments.of(0, 0, new byte[] {1, 0}, "mode and more"),
        Arguments.of(0, 6, new byte[] {1}, "unknown mode"),
        Arguments.of(0, 255, new byte[] {1}, "unknown mode"),
        Arguments.of(1, 0, new byte[0], "no tables"),
        Arguments.of(1, 0, le(4, 0), "one table"),
        Arguments.of(1, 0, le(4, 1, 0), "a table shorter than it says"),
        Arguments.of(1, 0, le(4, 0, 1), "a table shorter than it says"),
        Arguments.of(1, 0, le(4, -1, 0), "a table of 4 G addresses"),
        Arguments.of(1, 0, le(4, 0, -1), "a table of 4 G addresses"),
        Arguments.of(1, 0, le(4, 0x2aaaaaab, 0), "a length that overflows"),
        Arguments.of(1, 0, join(le(4, 0, 0), new byte[1]), "tables and more"),
        Arguments.of(1, 0, tables(List.of(MULTICAST), List.of()), "a group among stations"),
        Arguments.of(1, 0, tables(List.of(), List.of(UNICAST)), "a station among groups"),
        Arguments.of(1, 1, new byte[5], "short address"),
        Arguments.of(1, 1, new byte[7], "long address"),
        Arguments.of(1, 1, new byte[6], "no address"),
        Arguments.of(1, 1, address(MULTICAST), "a group as default address"),
        Arguments.of(1, 2, address(UNICAST), "unknown command"),
        Arguments.of(2, 0, new byte[1], "short VLAN"),
        Arguments.of(2, 0, le(2, 4096), "VLAN out of range"),
        Arguments.of(2, 1, le(2, 0xffff), "VLAN out of range"),
        Arguments.of(2, 2, le(2, 1), "unknown command"),
        Arguments.of(3, 1, new byte[0], "unknown command"),
        Arguments.of(4, 0, new byte[0], "no pairs"),
        Arguments.of(4, 0, le(2, 0), "0 pairs"),
        Arguments.of(4, 0, le(2, 5), "more pairs than there are"),
        Arguments.of(4, 0, le(2, 0x8000), "more pairs than there are"),
        Arguments.of(4, 0, le(4, 2), "pairs and more"),
        Arguments.of(4, 1, new byte[44], "RSS, which is not offered"),
        Arguments.of(4, 2, new byte[44], "hash, which is not offered"),
        Arguments.of(5, 0, le(4, 0), "short offloads"),
        Arguments.of(5, 0, le(8, 1), "CSUM is no offload of the guest"),
        Arguments.of(5, 0, le(8, 1L << 10), "UFO is not offered"),
        Arguments.of(5, 0, le(8, -1), "all bits"),
        Arguments.of(5, 1, le(8, 0), "unknown command"),
        Arguments.of(6, 0, le(4, 1), "short parameters"),
        Arguments.of(6, 1, le(4, 1, 1, 1), "long parameters"),
        Arguments.of(6, 2, le(4, 8, 1, 1), "moderation of the control queue"),
        Arguments.of(6, 2, le(4, 99, 1, 1), "moderation of no queue"),
        Arguments.of(6, 2, le(4, 0xffff, 1, 1), "moderation of no queue"),
        Arguments.of(6, 3, le(4, 0), "no room for the parameters"),
        Arguments.of(6, 4, le(4, 0), "unknown command"),
        Arguments.of(7, 0, new byte[4], "hash tunnels, which are not offered"),
        Arguments.of(8, 0, new byte[4], "statistics, which are not offered"),
        Arguments.of(255, 255, new byte[300], "unknown class"));
  }

  /// Every row changes nothing and is answered with ERR.
  @ParameterizedTest
  @MethodSource("malformed")
  @Clause({"5.1.9.5.10.6-D2", "5.1.9.5.10.6-D3", "5.1.9.5.10.6-D4"})
  void aMalformedCommandIsRefused(int commandClass, int command, byte[] data, String what) {
    NetGuest guest = guest(EVERYTHING);
    String before = state(guest);
    assertThat(guest.command(commandClass, command, data)).as(what).isEqualTo(ERR);
    assertThat(state(guest)).as(what).isEqualTo(before);
    assertThat(guest.virtio.fault(8)).isNull();
    assertThat(guest.command(RX, PROMISC, (byte) 1)).isEqualTo(OK);
  }

  /// What commands can change.
  private String state(NetGuest guest) {
    return kinds(guest) + arrives(guest, MAC, 1) + guest.virtio.readConfig(0, 6);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1",
    "0, 2, 1",
    "1, 0, 8",
    "1, 1, 6",
    "2, 0, 2",
    "3, 0, 0",
    "4, 0, 2",
    "5, 0, 8",
    "6, 0, 8",
    "6, 1, 8",
    "6, 2, 12",
    "6, 3, 4"
  })
  void commandsOfFeaturesThatWereNotNegotiatedAreRefused(
      int commandClass, int command, int length) {
    NetGuest guest = guest(CTRL_VQ);
    byte[] data = new byte[length];
    if (length == 2) {
      data[0] = 1;
    } else if (length == 6) {
      data = address(UNICAST);
    }
    assertThat(guest.command(commandClass, command, data)).isEqualTo(ERR);
    assertThat(kinds(guest)).isEqualTo("oumb");
  }

  /// 2.7.4.1: nothing may be concluded from where descriptors begin.
  @Test
  void aCommandMayBeCutAnywhere() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX);
    byte[] command = join(new byte[] {1, 0}, tables(List.of(UNICAST), List.of(MULTICAST)));
    for (int cut = 1; cut < command.length; cut++) {
      guest.command(1, 0, tables(List.of(), List.of()));
      assertThat(kinds(guest)).isEqualTo("ob");
      List<Piece> pieces =
          List.of(
              guest.filled(command, 0, cut),
              guest.filled(command, cut, command.length - cut),
              new Piece(guest.dirty(1), 1, true));
      assertThat(guest.command(pieces)).as("cut at %d", cut).isEqualTo(OK);
      assertThat(kinds(guest)).isEqualTo("oumb");
    }
    List<Piece> bytes = new ArrayList<>();
    for (int i = 0; i < command.length; i++) {
      bytes.add(guest.filled(command, i, 1));
    }
    bytes.add(new Piece(guest.dirty(1), 1, true));
    assertThat(guest.command(bytes)).isEqualTo(OK);
  }

  @Test
  void chainsThatHoldNoCommandComeBack() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX);
    for (int length = 0; length < 2; length++) {
      List<Piece> pieces = new ArrayList<>();
      if (length > 0) {
        pieces.add(guest.filled(new byte[] {0}, 0, 1));
      }
      pieces.add(new Piece(guest.dirty(1), 1, true));
      assertThat(guest.command(pieces)).as("%d bytes", length).isEqualTo(ERR);
    }
    int token = guest.commitControl(List.of(guest.filled(new byte[] {0, 0, 1}, 0, 3)));
    lan.run();
    assertThat(guest.control.nextUsed()).isEqualTo(token);
    assertThat(guest.control.usedLength()).isZero();
    assertThat(kinds(guest)).as("a command without room for its answer").isEqualTo("ob");
  }

  @Test
  void noBytesMakeItFail() {
    NetGuest guest = guest(EVERYTHING);
    Random random = new Random(9);
    for (int i = 0; i < 3000; i++) {
      byte[] data = new byte[random.nextInt(30)];
      random.nextBytes(data);
      assertThat(guest.command(random.nextInt(9), random.nextInt(7), data)).isIn(OK, ERR);
    }
    assertThat(guest.virtio.fault(8)).isNull();
  }

  /// The receive queue is on another loop than the control queue: the answer waits for it.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsSwitchedOffDoesNotComeAfterTheAnswer(boolean stop) {
    PollLoop receiving = new PollLoop("receiving", new ParkWaiter(), Idle.BLOCK);
    LoopMap loops = (slot, queue) -> queue == 0 ? receiving : lan.loop;
    NetGuest guest = new NetGuest(lan, MAC, VenetOptions.standard(), CTRL_VQ | CTRL_RX, 64, loops);
    int answer = guest.command(RX, NOUNI, (byte) 1);
    assertThat(answer).as("RX_EXTRA was not negotiated").isEqualTo(ERR);
    assertThat(guest.command(RX, PROMISC, (byte) 1)).as("not yet").isEqualTo(-1);
    lan.run();
    assertThat(guest.control.nextUsed()).as("not yet").isNegative();
    if (stop) {
      guest.virtio.queueReady(1, false);
    } else {
      receiving.doWork();
      lan.run();
    }
    assertThat(guest.control.nextUsed()).as("answered").isNotNegative();
    assertThat(guest.control.usedLength()).isEqualTo(1);
    receiving.close();
  }

  @Test
  @Clause({"5.1.9.5.10.6-D1", "5.1.9.5.10.6-D9"})
  void moderationIsSetByDirectionAndByQueueAndTold() {
    NetGuest guest = guest(CTRL_VQ | COAL | MQ);
    assertThat(coalescing(guest, 0)).containsExactly(0, 0);
    assertThat(guest.command(6, 1, le(4, 15, 10))).as("RX").isEqualTo(OK);
    assertThat(guest.command(6, 0, le(4, 7, 20))).as("TX").isEqualTo(OK);
    assertThat(guest.command(6, 2, le(4, 0xabcd_0002, 3, 30))).as("queue 2").isEqualTo(OK);
    assertThat(coalescing(guest, 0)).containsExactly(15, 10);
    assertThat(coalescing(guest, 1)).containsExactly(7, 20);
    assertThat(coalescing(guest, 2)).containsExactly(3, 30);
    assertThat(coalescing(guest, 3)).containsExactly(7, 20);
    assertThat(guest.command(6, 1, le(4, 0, 0))).isEqualTo(OK);
    assertThat(coalescing(guest, 2)).containsExactly(0, 0);
  }

  @Test
  @Clause({"5.1.9.5.10.6-D5", "5.1.9.5.10.6-D6"})
  void aQueueThatIsResetHasTheModerationOfItsDirectionAndCommandsSurvive() {
    NetGuest guest = guest(CTRL_VQ | CTRL_RX | COAL | MQ);
    assertThat(guest.command(RX, PROMISC, (byte) 1)).isEqualTo(OK);
    for (int queue = 0; queue < 2; queue++) {
      assertThat(guest.command(6, 2, le(4, queue, 3, 30))).isEqualTo(OK);
      guest.resetQueue(queue);
      assertThat(coalescing(guest, queue)).as("none was set").containsExactly(0, 0);
    }
    assertThat(guest.command(6, 1, le(4, 15, 10))).isEqualTo(OK);
    assertThat(guest.command(6, 0, le(4, 7, 20))).isEqualTo(OK);
    for (int queue = 0; queue < 2; queue++) {
      assertThat(guest.command(6, 2, le(4, queue, 3, 30))).isEqualTo(OK);
    }
    guest.resetQueue(0);
    assertThat(coalescing(guest, 0)).containsExactly(15, 10);
    assertThat(coalescing(guest, 1)).as("another queue").containsExactly(3, 30);
    guest.resetQueue(1);
    assertThat(coalescing(guest, 1)).containsExactly(7, 20);
    assertThat(kinds(guest)).as("still promiscuous").isEqualTo("oumb");
    guest.restart();
    assertThat(coalescing(guest, 0)).as("after a reset of the device").containsExactly(0, 0);
  }

  private int[] coalescing(NetGuest guest, int queue) {
    byte[] command = join(new byte[] {6, 3}, le(2, queue, 0x5a5a));
    long answer = guest.dirty(9);
    int token =
        guest.commitControl(
            List.of(guest.filled(command, 0, command.length), new Piece(answer, 9, true)));
    lan.run();
    assertThat(guest.control.nextUsed()).isEqualTo(token);
    assertThat(guest.control.usedLength()).isEqualTo(9);
    ByteBuffer bytes =
        guest.memory.asSlice(NetGuest.off(answer), 9).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.get(0)).isEqualTo((byte) OK);
    return new int[] {bytes.getInt(1), bytes.getInt(5)};
  }

  @Test
  void notificationsAreModeratedByCount() {
    NetGuest guest = guest(CTRL_VQ | COAL);
    int before = guest.signals(0);
    // An hour: only the count matters.
    assertThat(guest.command(6, 1, le(4, 3, 3_600_000_000L))).isEqualTo(OK);
    for (int i = 1; i <= 6; i++) {
      guest.rx.enableSignals();
      assertThat(arrives(guest, MAC)).isTrue();
      assertThat(guest.signals(0) - before).as("after %d frames", i).isEqualTo(i / 3);
    }
    // Conditions that a change makes true are met at once (5.1.9.5.10.4).
    guest.rx.enableSignals();
    assertThat(arrives(guest, MAC)).isTrue();
    assertThat(guest.signals(0) - before).isEqualTo(2);
    assertThat(guest.command(6, 1, le(4, 1, 3_600_000_000L))).isEqualTo(OK);
    assertThat(guest.signals(0) - before).isEqualTo(3);
  }
}
