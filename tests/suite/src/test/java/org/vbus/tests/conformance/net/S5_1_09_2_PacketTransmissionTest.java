package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.Lan.STATION;
import static org.vbus.tests.conformance.net.NetGuest.MAC;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.SplitLayout;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.NetGuest.Piece;
import org.vbus.venet.l2.DropReason;

/// Frames from the driver to the switch (5.1.9.2, 5.1.4.1).
class S5_1_09_2_PacketTransmissionTest {
  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int TUNNEL_IPV4 = 0x20;
  private static final int TUNNEL_IPV6 = 0x40;

  private final Lan lan = new Lan();
  private final NetGuest guest = new NetGuest(lan);

  private static byte[] frame(int length) {
    return Frames.frame(STATION, MAC, Frames.IPV4, length);
  }

  private static byte[] packet(byte[] frame) {
    return Frames.join(Frames.plainHeader(), frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 8, 9, 16, 32, 64, 128, 255})
  @Clause({
    "5.1.9.2.2-D1",
    "5.1.9.2.2-D2",
    "5.1.9.2.2-D4",
    "5.1.9.2.2-D9",
    "5.1.9.2.2-D11",
    "5.1.9.2.2-D12"
  })
  void theFrameIsForwardedAsItIsWhateverFlagsAndUnusedFieldsSay(int flags) {
    // The payload is random: what looks like a checksum in it is wrong.
    byte[] frame = frame(100);
    for (int fill : new int[] {0, 1, 20, 0xff}) {
      guest.send(Frames.join(Frames.header(flags, 0, fill), frame));
      assertThat(lan.received()).as("fields filled with %d", fill).containsExactly(frame);
    }
  }

  /// No segmentation was negotiated, so no packet to be segmented can be sent; those that
  /// contradict themselves are among them.
  @ParameterizedTest
  @ValueSource(ints = {0, NEEDS_CSUM, NEEDS_CSUM | DATA_VALID, DATA_VALID, 8 | NEEDS_CSUM, 0xff})
  @Clause({"5.1.9.2.2-D8", "5.1.9.2.2-D10"})
  void aPacketToBeSegmentedIsNotForwarded(int flags) {
    for (int gsoType = 1; gsoType <= 255; gsoType++) {
      int length = guest.send(Frames.join(Frames.header(flags, gsoType, 0), frame(100)));
      assertThat(length).isZero();
    }
    assertThat(lan.received()).isEmpty();
    assertThat(guest.drops(DropReason.BAD_OFFLOAD)).isEqualTo(255);
    guest.send(packet(frame(60)));
    assertThat(lan.received()).hasSize(1);
  }

  @Test
  @Clause({"5.1.9.2.2-D8", "5.1.9.2.2-D10"})
  void aPacketWithTunnelBitsIsNotForwarded() {
    for (int tunnel : new int[] {TUNNEL_IPV4, TUNNEL_IPV6, TUNNEL_IPV4 | TUNNEL_IPV6}) {
      guest.send(Frames.join(Frames.header(NEEDS_CSUM, tunnel | 1, 7), frame(200)));
      guest.send(Frames.join(Frames.header(0, tunnel | 4, 7), frame(200)));
      guest.send(Frames.join(Frames.header(DATA_VALID | NEEDS_CSUM, tunnel | 5, 7), frame(200)));
      guest.send(Frames.join(Frames.header(NEEDS_CSUM, tunnel, 7), frame(200)));
    }
    assertThat(lan.received()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {68, 1280, 1500, 9000, 65535})
  @Clause("5.1.4.1-D6")
  void framesUpToTheMtuAreForwardedWhole(int mtu) {
    NetGuest other = new NetGuest(lan, MAC + 1, mtu, 0, 64);
    for (int length : new int[] {14, 60, 64, mtu / 2 + 14, mtu + 13, mtu + 14}) {
      byte[] frame = Frames.frame(STATION, MAC + 1, Frames.IPV4, length);
      other.send(packet(frame));
      assertThat(lan.received()).as("%d bytes", length).containsExactly(frame);
    }
    byte[] tagged = Frames.tagged(STATION, MAC + 1, Frames.CUSTOMER_TAG, 7, mtu + 18);
    other.send(packet(tagged));
    assertThat(lan.received()).containsExactly(tagged);
  }

  @Test
  void framesOverTheMtuAreDroppedAndCounted() {
    guest.send(packet(frame(1515)));
    guest.send(packet(frame(1518)));
    guest.send(packet(Frames.tagged(STATION, MAC, Frames.CUSTOMER_TAG, 7, 1519)));
    guest.send(packet(frame(65536)));
    assertThat(lan.received()).isEmpty();
    assertThat(guest.drops(DropReason.TOO_BIG)).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {Frames.CUSTOMER_TAG, Frames.SERVICE_TAG})
  @Clause("5.1.9.5.3.1-D1")
  void everyTaggedFramePasses(int type) {
    guest.offer(2048);
    for (int tci = 0; tci <= 0xffff; tci += tci < 4096 ? 117 : 4096) {
      byte[] out = Frames.tagged(STATION, MAC, type, tci, 1518);
      guest.send(packet(out));
      assertThat(lan.received()).as("sent, tag 0x%x", tci).containsExactly(out);
      byte[] in = Frames.tagged(MAC, STATION, type, tci, 1518);
      lan.deliver(in);
      NetGuest.Used used = guest.used().getFirst();
      assertThat(Arrays.copyOfRange(used.all(), 12, used.length()))
          .as("received, tag 0x%x", tci)
          .isEqualTo(in);
      guest.offer(2048);
    }
  }

  static Stream<int[]> layouts() {
    List<int[]> cuts = new ArrayList<>();
    cuts.add(new int[] {});
    for (int first = 1; first <= 12; first++) {
      cuts.add(new int[] {first});
      cuts.add(new int[] {first, 13 - first});
      cuts.add(new int[] {first, 26 - first});
    }
    cuts.add(new int[] {12, 6, 6, 2});
    cuts.add(new int[] {3, 3, 3, 3, 3, 3, 3, 3});
    int[] single = new int[72];
    Arrays.fill(single, 1);
    cuts.add(single);
    return cuts.stream();
  }

  /// The device may not assume anything of where descriptors begin (2.7.4.1).
  @ParameterizedTest
  @MethodSource("layouts")
  void headerAndFrameMayBeCutAnywhere(int[] cuts) {
    byte[] frame = frame(60);
    guest.send(packet(frame), cuts);
    assertThat(lan.received()).containsExactly(frame);
    guest.send(Frames.join(Frames.header(0, 1, 0), frame), cuts);
    assertThat(lan.received()).isEmpty();
  }

  @Test
  void aFrameMayCrossFromOneRegionOfMemoryIntoTheNext() {
    byte[] packet = packet(frame(300));
    for (int before = 1; before < packet.length; before += 13) {
      long gpa = NetGuest.BORDER - before;
      guest.write(gpa, packet, 0, packet.length);
      guest.send(List.of(new Piece(gpa, packet.length, false)));
      assertThat(lan.received()).as("%d bytes below", before).containsExactly(frame(300));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 11, 12})
  void aChainThatHoldsNoFrameComesBackAndIsCounted(int length) {
    assertThat(guest.send(new byte[length])).isZero();
    assertThat(guest.send(List.of(new Piece(guest.dirty(64), 64, true)))).isZero();
    assertThat(guest.drops(DropReason.PORT_ERROR)).isEqualTo(2);
    assertThat(lan.received()).isEmpty();
    assertThat(guest.virtio.fault(NetGuest.TX)).isNull();
    guest.send(packet(frame(60)));
    assertThat(lan.received()).hasSize(1);
  }

  @Test
  void framesShorterThanAnEthernetHeaderAreDroppedAndCounted() {
    for (int length = 1; length < 14; length++) {
      assertThat(guest.send(Frames.join(Frames.plainHeader(), new byte[length]))).isZero();
    }
    assertThat(lan.received()).isEmpty();
    assertThat(guest.drops(DropReason.TOO_SHORT)).isEqualTo(13);
  }

  /// Whether the frame is forwarded or dropped, and though the chain offers memory to write.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void transmittingWritesNothingButTheUsedRing(int gsoType) {
    byte[] packet = Frames.join(Frames.header(0xff, gsoType, 0xff), frame(700));
    List<Piece> pieces =
        List.of(
            guest.filled(packet, 0, 5),
            guest.filled(packet, 5, packet.length - 5),
            new Piece(guest.dirty(256), 256, true));
    byte[] before = guest.snapshot();
    assertThat(guest.send(pieces)).isZero();
    assertThat(lan.received()).hasSize(1 - gsoType);
    byte[] after = guest.snapshot();
    // What the driver itself wrote to send, and what the device may write.
    blank(before, guest.tx.addresses().desc(), SplitLayout.descBytes(256));
    blank(after, guest.tx.addresses().desc(), SplitLayout.descBytes(256));
    blank(before, guest.tx.addresses().avail(), SplitLayout.availBytes(256));
    blank(after, guest.tx.addresses().avail(), SplitLayout.availBytes(256));
    blank(before, guest.tx.addresses().used(), SplitLayout.usedBytes(256));
    blank(after, guest.tx.addresses().used(), SplitLayout.usedBytes(256));
    assertThat(Arrays.mismatch(before, after)).isEqualTo(-1);
  }

  private static void blank(byte[] memory, long gpa, int len) {
    int off = (int) NetGuest.off(gpa);
    Arrays.fill(memory, off, off + len, (byte) 0);
  }
}
