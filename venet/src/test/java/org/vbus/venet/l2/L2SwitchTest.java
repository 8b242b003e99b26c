package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vbus.venet.l2.TestFrames.Station;

class L2SwitchTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long A = 0x5254_0000_000AL;
  private static final long B = 0x5254_0000_000BL;
  private static final long C = 0x5254_0000_000CL;
  private static final long GROUP = 0x0100_5E00_0001L;

  private final L2Switch lan = new L2Switch("lan", 1000, Duration.ofMinutes(5));
  private final Station a = new Station();
  private final Station b = new Station();
  private final Station c = new Station();
  private final SwitchPort portA = lan.attach("a", a);
  private final SwitchPort portB = lan.attach("b", b);
  private final SwitchPort portC = lan.attach("c", c);
  private long now;

  private void send(SwitchPort ingress, long destination, long source) {
    lan.forward(ingress, TestFrames.frame(destination, source, 60), now);
  }

  private List<Integer> received() {
    return List.of(a.received.size(), b.received.size(), c.received.size());
  }

  private void forgetReceived() {
    a.received.clear();
    b.received.clear();
    c.received.clear();
  }

  private void learnAll() {
    send(portA, GROUP, A);
    send(portB, GROUP, B);
    send(portC, GROUP, C);
    forgetReceived();
  }

  @Test
  void floodsAFrameToAnUnknownStationButNeverBack() {
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 1, 1);
    assertThat(portA.counters().snapshot().flooded()).isEqualTo(1);
  }

  @Test
  void sendsAFrameToAKnownStationToItsPortOnly() {
    send(portB, A, B);
    forgetReceived();
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 1, 0);
    assertThat(portA.counters().snapshot().flooded()).isZero();
  }

  @Test
  void deliversTheBytesUnchanged() {
    learnAll();
    Frame frame = TestFrames.frame(B, A, 1514);
    lan.forward(portA, frame, now);
    assertThat(b.received).hasSize(1);
    assertThat(b.received.getFirst()).isEqualTo(TestFrames.bytes(frame));
  }

  @Test
  void floodsBroadcastAndMulticastAndCountsThemApart() {
    learnAll();
    send(portA, MacAddress.BROADCAST, A);
    send(portA, GROUP, A);
    assertThat(received()).containsExactly(0, 2, 2);
    PortCounters.Snapshot counters = portA.counters().snapshot();
    assertThat(counters.broadcast()).isEqualTo(1);
    assertThat(counters.multicast()).isEqualTo(2); // one is from learnAll
    assertThat(counters.flooded()).isZero();
  }

  @Test
  void followsAStationThatMovesToAnotherPort() {
    learnAll();
    send(portC, GROUP, B);
    forgetReceived();
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 0, 1);
    assertThat(lan.table().moved()).isEqualTo(1);
  }

  @Test
  void followsAStationThatMovesAwayAndBack() {
    learnAll();
    send(portC, GROUP, B);
    send(portB, GROUP, B); // the port's cache of its last source must not hide this
    forgetReceived();
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 1, 0);
    assertThat(lan.table().moved()).isEqualTo(2);
  }

  @Test
  void floodsAgainAfterAStationWasSilentForTheAgeingTime() {
    learnAll();
    now = 301 * SECOND;
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 1, 1);
  }

  @Test
  void doesNotAgeAStationThatKeepsSending() {
    learnAll();
    for (now = 0; now < 1000 * SECOND; now += 100 * SECOND) {
      send(portB, GROUP, B);
    }
    forgetReceived();
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 1, 0);
  }

  @Test
  void sweepingFreesExpiredEntries() {
    learnAll();
    assertThat(lan.sweep(301 * SECOND)).isEqualTo(3);
    assertThat(lan.table().size()).isZero();
  }

  @Test
  void keepsToItsTableUnderAFloodOfRandomAddresses() {
    learnAll();
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      long source = (random.nextLong() & 0xFEFF_FFFF_FFFFL) | 0x0200_0000_0000L;
      send(portC, GROUP, source);
    }
    assertThat(lan.table().size()).isEqualTo(1000);
    assertThat(lan.table().notLearned()).isPositive();
    forgetReceived();
    send(portA, B, A);
    assertThat(received()).as("known stations stay known").containsExactly(0, 1, 0);
    send(portA, 0x5254_0000_0F0FL, A);
    assertThat(received()).as("others are flooded").containsExactly(0, 2, 1);
  }

  @Test
  void filtersAFrameToAStationOfTheSamePort() {
    learnAll();
    send(portA, A, 0x5254_0000_00AAL);
    send(portA, A, A);
    assertThat(received()).containsExactly(0, 0, 0);
    assertThat(portA.counters().drops(DropReason.SAME_PORT)).isEqualTo(2);
  }

  @Test
  void dropsFramesThatNoStationMaySend() {
    Frame empty = new Frame();
    lan.forward(portA, empty, now);
    lan.forward(portA, TestFrames.frame(B, A, 13), now);
    send(portA, B, 0);
    send(portA, B, MacAddress.BROADCAST);
    send(portA, B, GROUP);
    assertThat(received()).containsExactly(0, 0, 0);
    PortCounters.Snapshot counters = portA.counters().snapshot();
    assertThat(counters.drops())
        .isEqualTo(Map.of(DropReason.TOO_SHORT, 2L, DropReason.BAD_SOURCE, 3L));
    assertThat(counters.ingressFrames()).isEqualTo(5);
    assertThat(lan.table().size()).isZero();
  }

  @Test
  void keepsReservedGroupAddressesOnTheLink() {
    long stp = 0x0180_C200_0000L;
    send(portA, stp, A);
    send(portA, stp + 0xE, A);
    assertThat(received()).containsExactly(0, 0, 0);
    assertThat(portA.counters().drops(DropReason.RESERVED_ADDRESS)).isEqualTo(2);
    send(portA, stp + 0x10, A);
    assertThat(received()).containsExactly(0, 1, 1);
  }

  @Test
  void floodsAFrameToTheZeroAddress() {
    send(portA, 0, A);
    assertThat(received()).containsExactly(0, 1, 1);
  }

  @Test
  void keepsPortsOfAGroupApart() {
    Station x = new Station();
    Station y = new Station();
    Station other = new Station();
    SwitchPort portX = lan.attach("x", x, 7);
    SwitchPort portY = lan.attach("y", y, 7);
    SwitchPort portOther = lan.attach("other", other, 8);
    send(portX, MacAddress.BROADCAST, 0x5254_0000_0010L);
    assertThat(y.received).isEmpty();
    assertThat(other.received).as("another group").hasSize(1);
    assertThat(received()).as("no group").containsExactly(1, 1, 1);

    send(portY, 0x5254_0000_0010L, 0x5254_0000_0011L);
    assertThat(x.received).as("known, but of the same group").isEmpty();
    assertThat(portY.counters().drops(DropReason.ISOLATED)).isEqualTo(1);
    send(portOther, 0x5254_0000_0010L, 0x5254_0000_0012L);
    assertThat(x.received).hasSize(1);
  }

  @Test
  void countsFramesAndBytesBothWays() {
    learnAll();
    lan.forward(portA, TestFrames.frame(B, A, 100), now);
    lan.forward(portA, TestFrames.frame(B, A, 200), now);
    PortCounters.Snapshot in = portA.counters().snapshot();
    PortCounters.Snapshot out = portB.counters().snapshot();
    assertThat(in.ingressFrames()).isEqualTo(3);
    assertThat(in.ingressBytes()).isEqualTo(60 + 100 + 200);
    assertThat(out.egressFrames()).isEqualTo(4); // two are from learnAll
    assertThat(out.egressBytes()).isEqualTo(60 + 60 + 100 + 200);
  }

  @Test
  void countsWhatAPortRefusesWithTheReason() {
    learnAll();
    PortCounters.Snapshot before = portB.counters().snapshot();
    for (Delivery answer : Delivery.values()) {
      if (!answer.accepted()) {
        b.answer = answer;
        send(portA, B, A);
      }
    }
    PortCounters.Snapshot after = portB.counters().snapshot();
    assertThat(after.egressFrames()).isEqualTo(before.egressFrames());
    assertThat(after.drops())
        .isEqualTo(
            Map.of(
                DropReason.FILTERED, 1L,
                DropReason.NO_BUFFER, 1L,
                DropReason.TOO_BIG, 1L,
                DropReason.LINK_DOWN, 1L,
                DropReason.QUEUE_FULL, 1L,
                DropReason.PORT_ERROR, 1L));
  }

  @Test
  void leavesTheCountingOfQueuedFramesToTheOwner() {
    learnAll();
    PortCounters.Snapshot before = portB.counters().snapshot();
    b.answer = Delivery.QUEUED;
    send(portA, B, A);
    send(portA, B, A);
    assertThat(portB.counters().snapshot()).isEqualTo(before);
    portB.count(Delivery.DELIVERED, 60);
    portB.count(Delivery.NO_BUFFER, 60);
    assertThat(portB.counters().snapshot().egressFrames()).isEqualTo(before.egressFrames() + 1);
    assertThat(portB.counters().drops(DropReason.NO_BUFFER)).isEqualTo(1);
  }

  @Test
  void showsIngressAndAcceptedEgressFramesToTheTap() {
    learnAll();
    List<String> seen = new ArrayList<>();
    portA.tap((direction, frame) -> seen.add("a " + direction + " " + frame.length()));
    portB.tap((direction, frame) -> seen.add("b " + direction + " " + frame.length()));
    send(portA, B, A);
    lan.forward(portA, TestFrames.frame(B, A, 5), now);
    b.answer = Delivery.NO_BUFFER;
    send(portA, B, A);
    portA.tap(null);
    send(portA, B, A);
    assertThat(seen).containsExactly("a INGRESS 60", "b EGRESS 60", "a INGRESS 5", "a INGRESS 60");
  }

  @Test
  void refusesAPortNameThatIsTaken() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lan.attach("b", new Station()))
        .withMessage("switch lan: port \"b\" is already attached");
    lan.detach(portB);
    assertThat(lan.attach("b", new Station()).name()).isEqualTo("b");
  }

  @Test
  void forgetsADetachedPort() {
    learnAll();
    lan.detach(portB);
    lan.detach(portB);
    assertThat(lan.ports()).containsExactly(portA, portC);
    send(portA, B, A);
    assertThat(received()).containsExactly(0, 0, 1);
    send(portB, A, B);
    assertThat(received()).containsExactly(0, 0, 1);
    assertThat(portB.counters().drops(DropReason.DETACHED)).isEqualTo(1);
    assertThat(lan.table().lookup(B, now)).isEqualTo(MacTable.NO_PORT);
  }

  @Test
  void doesNotSendOldStationsToAPortThatReusesANumber() {
    learnAll();
    lan.detach(portB);
    Station d = new Station();
    lan.attach("d", d);
    send(portA, B, A);
    assertThat(d.received).as("flooded, like to c").hasSize(1);
    assertThat(c.received).hasSize(1);
  }

  @Test
  void listsTheStationsWithTheirPorts() {
    learnAll();
    assertThat(lan.stations(now))
        .extracting(L2Switch.Station::mac, L2Switch.Station::port)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("52:54:00:00:00:0a", "a"),
            org.assertj.core.groups.Tuple.tuple("52:54:00:00:00:0b", "b"),
            org.assertj.core.groups.Tuple.tuple("52:54:00:00:00:0c", "c"));
  }

  /// Frames of all kinds, forwarded singly on one switch and in bursts on another.
  @Test
  void forwardsABurstAsItsFramesOneByOne() {
    L2Switch other = new L2Switch("other", 1000, Duration.ofMinutes(5));
    List<Station> stations = List.of(new Station(), new BurstStation(), new BurstStation());
    List<SwitchPort> ports = new ArrayList<>();
    for (Station station : stations) {
      ports.add(other.attach("p" + ports.size(), station, ports.isEmpty() ? 0 : 7));
    }
    L2Switch single = new L2Switch("single", 1000, Duration.ofMinutes(5));
    List<Station> others = List.of(new Station(), new Station(), new Station());
    List<SwitchPort> singles = new ArrayList<>();
    for (Station station : others) {
      singles.add(single.attach("p" + singles.size(), station, singles.isEmpty() ? 0 : 7));
    }
    long[] addresses = {
      A, B, C, GROUP, MacAddress.BROADCAST, 0x0180_C200_0000L, 0, 0x5254_0000_00FFL
    };
    Random random = new Random(1);
    FrameBurst burst = new FrameBurst(9);
    MemorySegment memory = Arena.ofAuto().allocate(9 * 64);
    for (int round = 0; round < 20_000; round++) {
      int count = random.nextInt(10);
      int ingress = random.nextInt(3);
      burst.begin(memory);
      // Runs of frames to one station are the common case.
      long to = addresses[random.nextInt(addresses.length)];
      for (int i = 0; i < count; i++) {
        if (random.nextInt(3) == 0) {
          to = addresses[random.nextInt(addresses.length)];
        }
        long from = addresses[random.nextInt(20) == 0 ? random.nextInt(8) : ingress];
        Frame frame = TestFrames.frame(to, from, 14 + random.nextInt(50));
        frame.copyTo(memory, 64L * i);
        burst.add(64L * i, frame.length());
        single.forward(singles.get(ingress), frame, now);
      }
      other.forward(ports.get(ingress), burst, now);
      for (int i = 0; i < 3; i++) {
        assertThat(stations.get(i).received)
            .as("round %d", round)
            .containsExactlyElementsOf(others.get(i).received);
        stations.get(i).received.clear();
        others.get(i).received.clear();
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(ports.get(i).counters().snapshot())
          .isEqualTo(singles.get(i).counters().snapshot());
      assertThat(ports.get(i).counters().snapshot().egressFrames()).isGreaterThan(10_000);
    }
  }

  /// A port that takes up to three frames at once, if none of them is long.
  private static final class BurstStation extends Station {
    @Override
    public int deliver(FrameBurst frames, int from, int to) {
      int taken = 0;
      while (taken < 3 && from + taken < to && frames.length(from + taken) < 55) {
        received.add(TestFrames.bytes(frames.frame(from + taken)));
        taken++;
      }
      return taken;
    }
  }
}
