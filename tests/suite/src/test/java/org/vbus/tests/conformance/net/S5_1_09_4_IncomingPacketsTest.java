package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.Lan.STATION;
import static org.vbus.tests.conformance.net.NetGuest.DIRT;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MRG_RXBUF;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.NetGuest.Piece;
import org.vbus.tests.conformance.net.NetGuest.Used;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.MacAddress;

/// Frames from the switch to the driver, in one buffer each (5.1.9.3.2, 5.1.9.4.1, 5.1.4.1).
class S5_1_09_4_IncomingPacketsTest {
  private static final byte[] HEADER_OF_ONE = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};

  private final Lan lan = new Lan();
  private final NetGuest guest = new NetGuest(lan);

  private static byte[] frame(int length) {
    return Frames.frame(MAC, STATION, Frames.IPV4, length);
  }

  /// The only used chain: header of one buffer, the frame, and nothing else written.
  private void assertReceived(byte[] frame, List<Used> all) {
    assertThat(all).hasSize(1);
    Used used = all.getFirst();
    assertThat(used.length()).isEqualTo(12 + frame.length);
    assertThat(Arrays.copyOf(used.all(), 12)).as("header").isEqualTo(HEADER_OF_ONE);
    assertThat(Arrays.copyOfRange(used.all(), 12, used.length())).as("frame").isEqualTo(frame);
    for (int i = used.length(); i < used.all().length; i++) {
      assertThat(used.all()[i]).as("byte %d", i).isEqualTo(DIRT);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, MRG_RXBUF})
  @Clause({
    "5.1.9.4.1-D1", "5.1.9.4.1-D2", "5.1.9.4.1-D5", "5.1.9.4.1-D6", "5.1.9.4.1-D7",
    "5.1.9.4.1-D8", "5.1.9.4.1-D9", "5.1.9.4.1-D10", "5.1.9.4.1-D11", "5.1.9.4.1-D12",
    "5.1.9.4.1-D21", "5.1.9.4.1-D24", "5.1.9.4.1-D31", "5.1.9.4.1-D34"
  })
  void theHeaderIsZeroButForTheNumberOfBuffersWhateverWasInTheBufferBefore(long features) {
    NetGuest other = new NetGuest(lan, MAC + 1, 1500, features, 64);
    byte[] frame = Frames.frame(MAC + 1, STATION, Frames.IPV4, 100);
    byte[][] before = {
      new byte[12],
      HEADER_OF_ONE,
      Frames.header(0xff, 0xff, 0xff),
      Frames.header(1, 0, 0),
      Frames.header(0, 1, 0),
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0}
    };
    for (byte[] dirt : before) {
      long gpa = other.dirty(2048);
      other.write(gpa, dirt, 0, 12);
      other.offer(List.of(new Piece(gpa, 2048, true)));
      lan.deliver(frame);
      assertReceived(frame, other.used());
    }
  }

  /// Neither what one guest writes into its header nor what its frame claims to be reaches the
  /// other's header: a checksum that nobody checked is not called valid, a packet that would need
  /// segmentation does not arrive.
  @Test
  @Clause({
    "5.1.9.2.2-D11",
    "5.1.9.4.1-D5",
    "5.1.9.4.1-D11",
    "5.1.9.4.1-D19",
    "5.1.9.4.1-D20",
    "5.1.9.4.1-D24",
    "5.1.9.4.1-D31",
    "5.1.9.4.1-D34"
  })
  void theSendersHeaderDoesNotReachTheReceiver() {
    NetGuest sender = new NetGuest(lan, MAC + 1, 1500, 0, 64);
    byte[] frame = Frames.frame(MAC, MAC + 1, Frames.IPV4, 300);
    lan.deliver(frame(60));
    for (int flags = 0; flags < 256; flags++) {
      guest.offer(512);
      sender.send(Frames.join(Frames.header(flags, 0, flags), frame));
      assertReceived(frame, guest.used());
    }
    guest.offer(512);
    for (int gsoType : new int[] {1, 3, 4, 5, 0x21, 0x44, 0x81}) {
      sender.send(Frames.join(Frames.header(1, gsoType, 40), frame));
      sender.send(Frames.join(Frames.header(9, gsoType, 40), frame));
    }
    assertThat(guest.used()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {68, 1280, 1500, 9000, 65535})
  @Clause("5.1.4.1-D5")
  void noFrameOverTheMtuReachesTheDriver(int mtu) {
    NetGuest other = new NetGuest(lan, MAC + 1, mtu, MRG_RXBUF, 64);
    int token = other.offer(mtu + 200);
    for (int excess : new int[] {1, 3, 4, 5, 100}) {
      lan.deliver(Frames.frame(MAC + 1, STATION, Frames.IPV4, mtu + 14 + excess));
    }
    lan.deliver(Frames.tagged(MAC + 1, STATION, Frames.CUSTOMER_TAG, 1, mtu + 19));
    assertThat(other.used()).isEmpty();
    assertThat(other.drops(DropReason.TOO_BIG)).isEqualTo(6);
    byte[] whole = Frames.frame(MAC + 1, STATION, Frames.IPV4, mtu + 14);
    lan.deliver(whole);
    List<Used> used = other.used();
    assertReceived(whole, used);
    assertThat(used.getFirst().token()).isEqualTo(token);
    other.offer(mtu + 200);
    byte[] tagged = Frames.tagged(MAC + 1, STATION, Frames.CUSTOMER_TAG, 1, mtu + 18);
    lan.deliver(tagged);
    assertReceived(tagged, other.used());
  }

  @Test
  @Clause({"5.1.9.3.2-D1", "5.1.9.3.2-D2", "5.1.9.4.1-D1", "5.1.9.4.1-D14"})
  void withoutMergeableBuffersAFrameTakesOneBufferOrNone() {
    int small = guest.offer(100);
    guest.offer(2048);
    lan.deliver(frame(89));
    lan.deliver(frame(1514));
    assertThat(guest.used()).as("frames that do not fit").isEmpty();
    assertThat(guest.drops(DropReason.TOO_BIG)).isEqualTo(2);
    lan.deliver(frame(88));
    List<Used> used = guest.used();
    assertReceived(frame(88), used);
    assertThat(used.getFirst().token()).isEqualTo(small);
    lan.deliver(frame(1514));
    assertReceived(frame(1514), guest.used());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, MRG_RXBUF})
  void withoutABufferAFrameIsDroppedAndCountedAndTheNextBufferGetsTheNextFrame(long features) {
    NetGuest other = new NetGuest(lan, MAC + 1, 1500, features, 64);
    byte[] second = Frames.frame(MAC + 1, STATION, Frames.IPV4, 61);
    lan.deliver(Frames.frame(MAC + 1, STATION, Frames.IPV4, 60));
    other.offer(2048);
    lan.deliver(second);
    assertReceived(second, other.used());
    assertThat(other.drops(DropReason.NO_BUFFER)).isEqualTo(1);
  }

  static IntStream headerCuts() {
    return IntStream.rangeClosed(1, 14);
  }

  @ParameterizedTest
  @MethodSource("headerCuts")
  void headerAndFrameMayFallOnDescriptorsAnywhere(int first) {
    guest.offer(first, 2000);
    lan.deliver(frame(60));
    assertReceived(frame(60), guest.used());
    guest.offer(first, 13, 1, 27 - first, 2000);
    lan.deliver(frame(1514));
    assertReceived(frame(1514), guest.used());
  }

  @Test
  void everyByteMayBeADescriptorOfItsOwn() {
    int[] single = new int[80];
    Arrays.fill(single, 1);
    guest.offer(single);
    lan.deliver(frame(60));
    assertReceived(frame(60), guest.used());
  }

  @Test
  void aFrameOfSeveralPiecesArrivesWhole() {
    NetGuest sender = new NetGuest(lan, MAC + 1, 1500, 0, 64);
    byte[] frame = Frames.frame(MAC, MAC + 1, Frames.IPV4, 1400);
    guest.offer(5, 100, 7, 1, 2000);
    lan.deliver(frame(60));
    guest.used();
    guest.offer(5, 100, 7, 1, 2000);
    sender.send(Frames.join(Frames.plainHeader(), frame), 1, 10, 3, 1, 500, 77);
    assertReceived(frame, guest.used());
  }

  @Test
  void aBufferMayCrossFromOneRegionOfMemoryIntoTheNext() {
    for (int below = 1; below < 140; below += 3) {
      long gpa = NetGuest.BORDER - below;
      guest.memory.asSlice(NetGuest.off(gpa), 200).fill(DIRT);
      guest.offer(List.of(new Piece(gpa, 200, true)));
      lan.deliver(frame(100));
      assertReceived(frame(100), guest.used());
    }
  }

  @Test
  void readableDescriptorsInAReceiveChainAreLeftAlone() {
    long readable = guest.dirty(64);
    guest.offer(List.of(new Piece(readable, 64, false), new Piece(guest.dirty(256), 256, true)));
    lan.deliver(frame(60));
    Used used = guest.used().getFirst();
    assertThat(used.length()).isEqualTo(72);
    byte[] untouched = new byte[64];
    Arrays.fill(untouched, DIRT);
    assertThat(Arrays.copyOf(used.all(), 64)).isEqualTo(untouched);
    assertThat(Arrays.copyOfRange(used.all(), 76, 64 + 72)).isEqualTo(frame(60));
  }

  @Test
  void aDriverWithoutReceiveQueueLosesItsFramesNotThoseOfOthers() {
    guest.virtio.writeStatus(0);
    lan.deliver(frame(60));
    assertThat(guest.drops(DropReason.LINK_DOWN)).as("before the driver is ready").isEqualTo(1);
    guest.start(RingFormat.SPLIT.features() & ~Feature.INDIRECT_DESC.mask(), false);
    byte[] toAll = Frames.frame(MacAddress.BROADCAST, MAC + 1, Frames.IPV4, 60);
    NetGuest other = new NetGuest(lan, MAC + 1, 1500, 0, 64);
    other.send(Frames.join(Frames.plainHeader(), toAll));
    assertThat(guest.drops(DropReason.NO_BUFFER)).isEqualTo(1);
    assertThat(lan.received()).containsExactly(toAll);
  }

  @Test
  void framesOfAnotherLoopDoNotWaitForAQueueThatDoesNotExist() {
    guest.virtio.writeStatus(0);
    guest.start(RingFormat.SPLIT.features() & ~Feature.INDIRECT_DESC.mask(), false);
    lan.loop.start();
    try {
      for (int i = 0; i < 300; i++) {
        lan.inject(frame(60));
      }
      assertThat(guest.drops(DropReason.NO_BUFFER)).isEqualTo(300);
    } finally {
      lan.loop.close();
    }
  }

  @Test
  void aFrameOfAnotherLoopIsCopiedTwiceAndCountedTwice() {
    guest.offer(2048);
    lan.loop.start();
    try {
      lan.inject(frame(60));
      while (guest.usedIdx(guest.rx) == 0) {
        lan.loop.execute(() -> {});
      }
    } finally {
      lan.loop.close();
    }
    assertReceived(frame(60), guest.used());
    assertThat(guest.virtio.tally(NetGuest.RX).get(Event.COPIES)).isEqualTo(2);
    assertThat(guest.virtio.tally(NetGuest.RX).get(Event.BYTES_COPIED)).isEqualTo(120);
  }

  @Test
  void aFrameOfTheSameLoopIsCopiedOnce() {
    guest.offer(2048);
    lan.deliver(frame(60));
    assertThat(guest.virtio.tally(NetGuest.RX).get(Event.COPIES)).isEqualTo(1);
    assertThat(guest.virtio.tally(NetGuest.RX).get(Event.BYTES_COPIED)).isEqualTo(60);
  }
}
