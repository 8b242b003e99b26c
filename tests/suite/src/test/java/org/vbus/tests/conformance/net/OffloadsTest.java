package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MRG_RXBUF;
import static org.vbus.tests.conformance.net.NetGuest.OFFLOADS;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.NetGuest.Used;
import org.vbus.tests.conformance.net.Packets.Kind;
import org.vbus.venet.l2.DropReason;

/// Checksum and segmentation offloads from guest to guest: what the sender left undone the receiver
/// gets undone if it has agreed to that, and done otherwise (5.1.9.2, 5.1.9.4).
class OffloadsTest {
  private static final long TO = MAC + 1;
  private static final long CSUM = 1L << 0;
  private static final long GUEST_CSUM = 1L << 1;
  private static final long GUEST_TSO4 = 1L << 7;
  private static final long GUEST_TSO6 = 1L << 8;
  private static final long GUEST_ECN = 1L << 9;
  private static final long HOST = CSUM | 7L << 11 | 1L << 56;
  private static final long GUEST = OFFLOADS & ~HOST;
  private static final int LARGE = 65601;
  private static final int SEGMENT = 1000;

  private final Lan lan = new Lan();

  enum Receiver {
    NOTHING(0),
    CHECKSUM(GUEST_CSUM),
    /// A bit without the one it requires.
    SEGMENTS_ONLY(GUEST_TSO4 | GUEST_TSO6),
    EVERYTHING(GUEST);

    final long features;

    Receiver(long features) {
      this.features = features;
    }

    boolean takesChecksums() {
      return (features & GUEST_CSUM) != 0;
    }
  }

  /// What a receiver got of one packet.
  private record Received(List<byte[]> headers, List<byte[]> frames) {}

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private NetGuest sender(long features) {
    return new NetGuest(lan, MAC, 1500, features, 64);
  }

  private NetGuest receiver(long features) {
    NetGuest guest = new NetGuest(lan, TO, 1500, features, 128);
    for (int i = 0; i < 100; i++) {
      if ((features & MRG_RXBUF) != 0) {
        guest.offer(1536);
      } else if (i < 8) {
        guest.offer(LARGE - 100, 100);
      }
    }
    return guest;
  }

  private static Received received(NetGuest guest) {
    List<byte[]> headers = new ArrayList<>();
    List<byte[]> frames = new ArrayList<>();
    List<Used> used = guest.used();
    for (int i = 0; i < used.size(); ) {
      byte[] header = Arrays.copyOf(used.get(i).all(), 12);
      int buffers = (header[10] & 0xff) | (header[11] & 0xff) << 8;
      assertThat(buffers).isBetween(1, used.size() - i);
      ByteArrayOutputStream frame = new ByteArrayOutputStream();
      for (int end = i + buffers; i < end; i++) {
        frame.write(used.get(i).all(), 0, used.get(i).length());
      }
      header[10] = 0;
      header[11] = 0;
      headers.add(header);
      frames.add(Arrays.copyOfRange(frame.toByteArray(), 12, frame.size()));
    }
    return new Received(headers, frames);
  }

  static Stream<Arguments> pairs() {
    return Stream.of(Kind.values())
        .flatMap(kind ->
            Stream.of(Receiver.values())
                .flatMap(receiver ->
                    Stream.of(true, false)
                        .map(mergeable -> Arguments.of(kind, receiver, mergeable))));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  @Clause({
    "5.1.9.4.1-D5", "5.1.9.4.1-D6", "5.1.9.4.1-D8", "5.1.9.4.1-D9", "5.1.9.4.1-D15",
    "5.1.9.4.1-D16", "5.1.9.4.1-D17", "5.1.9.4.1-D18", "5.1.9.4.1-D21", "5.1.9.4.1-D22",
    "5.1.9.4.1-D24", "5.1.9.4.1-D25"
  })
  void aPacketToBeCutArrivesAsItIsOrCut(Kind kind, Receiver receiver, boolean mergeable) {
    NetGuest from = sender(HOST);
    NetGuest to = receiver(receiver.features | (mergeable ? MRG_RXBUF : 0));
    byte[] payload = random(7 * SEGMENT + 123);
    byte[] packet = Packets.packet(kind, TO, MAC, 99, Packets.ACK | Packets.PSH, payload, false);
    from.send(Frames.join(Packets.gsoHeader(kind, SEGMENT), packet));

    Received all = received(to);
    if (receiver == Receiver.EVERYTHING) {
      assertThat(all.frames()).containsExactly(packet);
      assertThat(all.headers()).containsExactly(Packets.gsoHeader(kind, SEGMENT));
      assertThat(Packets.faults(kind, all.frames().getFirst(), false)).isEmpty();
      return;
    }
    assertThat(all.headers()).hasSize(8).allMatch(h -> Arrays.equals(h, new byte[12]));
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (int i = 0; i < 8; i++) {
      byte[] frame = all.frames().get(i);
      assertThat(Packets.faults(kind, frame, true)).as("segment %d", i).isEmpty();
      if (kind.tcp()) {
        assertThat(Packets.sequence(frame, kind)).isEqualTo(99 + i * SEGMENT);
        assertThat(Packets.flags(frame, kind))
            .isEqualTo(i < 7 ? Packets.ACK : Packets.ACK | Packets.PSH);
      }
      joined.writeBytes(Packets.payload(kind, frame));
    }
    assertThat(joined.toByteArray()).isEqualTo(payload);
    assertThat(to.device.port().counters().snapshot().egressFrames()).isEqualTo(8);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  @Clause({"5.1.9.4.1-D5", "5.1.9.4.1-D15", "5.1.9.4.1-D17", "5.1.9.4.1-D18", "5.1.9.4.1-D26"})
  void aPacketWithoutItsChecksumArrivesAsItIsOrWithIt(
      Kind kind, Receiver receiver, boolean mergeable) {
    NetGuest from = sender(HOST);
    NetGuest to = receiver(receiver.features | (mergeable ? MRG_RXBUF : 0));
    for (int length : new int[] {1, 2, 33, 1300}) {
      byte[] packet = Packets.packet(kind, TO, MAC, 5, Packets.ACK, random(length), false);
      byte[] whole = Packets.packet(kind, TO, MAC, 5, Packets.ACK, random(length), true);
      from.send(Frames.join(Packets.checksumHeader(kind), packet), 3, 40);
      Received all = received(to);
      if (receiver.takesChecksums()) {
        assertThat(all.frames()).containsExactly(packet);
        assertThat(all.headers()).containsExactly(Packets.checksumHeader(kind));
      } else {
        assertThat(all.frames()).containsExactly(whole);
        assertThat(all.headers()).containsExactly(new byte[12]);
      }
    }
  }

  /// A sender without offloads sends complete frames; its flags mean nothing (5.1.9.2.1).
  @ParameterizedTest
  @MethodSource("pairs")
  void aCompletePacketArrivesAsItIs(Kind kind, Receiver receiver, boolean mergeable) {
    NetGuest from = sender(0);
    NetGuest to = receiver(receiver.features | (mergeable ? MRG_RXBUF : 0));
    byte[] packet = Packets.packet(kind, TO, MAC, 5, Packets.ACK, random(1000), true);
    from.send(Frames.join(Packets.checksumHeader(kind), packet));
    from.send(Frames.join(Packets.gsoHeader(kind, 100), packet));
    Received all = received(to);
    assertThat(all.frames()).containsExactly(packet);
    assertThat(all.headers()).containsExactly(new byte[12]);
    assertThat(from.drops(DropReason.BAD_OFFLOAD)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theLargestPacketPassesBothWaysOfReceiving(Kind kind) {
    NetGuest from = sender(HOST);
    NetGuest merging = receiver(GUEST | MRG_RXBUF);
    NetGuest single = new NetGuest(lan, TO + 1, 1500, GUEST, 64);
    // Where they are, so that each gets nothing but what is for it.
    for (NetGuest guest : List.of(merging, single)) {
      guest.send(
          Frames.join(Frames.plainHeader(), Frames.frame(Lan.STATION, guest.mac(), 0x800, 60)));
    }
    assertThat(received(merging).frames()).hasSize(1);
    single.offer(LARGE);
    int longest = 14 + (kind.ip == 20 ? 0 : 40) + 65535;
    byte[] payload = random(longest - kind.headers());
    byte[] first = Packets.packet(kind, TO, MAC, 1, Packets.ACK, payload, false);
    byte[] second = Packets.packet(kind, TO + 1, MAC, 1, Packets.ACK, payload, false);
    from.send(Frames.join(Packets.gsoHeader(kind, 1400), first));
    from.send(Frames.join(Packets.gsoHeader(kind, 1400), second));
    assertThat(received(single).frames()).containsExactly(second);
    assertThat(received(merging).frames()).containsExactly(first);
  }

  /// 5.1.9.3.1 only asks for large buffers.
  @Test
  void aPacketTooLargeForTheBuffersIsCut() {
    NetGuest from = sender(HOST);
    NetGuest to = new NetGuest(lan, TO, 1500, GUEST, 64);
    for (int i = 0; i < 5; i++) {
      to.offer(1526);
    }
    byte[] packet = Packets.packet(Kind.TCP4, TO, MAC, 1, Packets.ACK, random(4500), false);
    from.send(Frames.join(Packets.gsoHeader(Kind.TCP4, SEGMENT), packet));
    assertThat(received(to).frames()).hasSize(5);
  }

  @Test
  void segmentsForWhichThereIsNoBufferAreLostAndCounted() {
    NetGuest from = sender(HOST);
    NetGuest to = new NetGuest(lan, TO, 1500, 0, 64);
    to.offer(1526);
    to.offer(1526);
    byte[] packet = Packets.packet(Kind.TCP4, TO, MAC, 1, Packets.ACK, random(4500), false);
    from.send(Frames.join(Packets.gsoHeader(Kind.TCP4, SEGMENT), packet));
    assertThat(received(to).frames()).hasSize(2);
    assertThat(to.drops(DropReason.NO_BUFFER)).isEqualTo(3);
  }

  /// Whether or not the sender said so; only the first segment has it (RFC 3168).
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"TCP4", "TCP6"})
  @Clause("5.1.9.4.1-D12")
  void aPacketWithCwrIsCutForWhoDoesNotKnowEcn(Kind kind) {
    NetGuest from = sender(HOST);
    NetGuest without = receiver((GUEST & ~GUEST_ECN) | MRG_RXBUF);
    int flags = Packets.CWR | Packets.ACK | Packets.FIN;
    byte[] packet = Packets.packet(kind, TO, MAC, 1, flags, random(2500), false);
    byte[] quiet = Packets.gsoHeader(kind, SEGMENT);
    byte[] said = quiet.clone();
    said[1] |= (byte) 0x80;
    for (byte[] header : List.of(quiet, said)) {
      from.send(Frames.join(header, packet));
      assertThat(received(without).frames())
          .extracting(frame -> Packets.flags(frame, kind))
          .containsExactly(Packets.CWR | Packets.ACK, Packets.ACK, Packets.ACK | Packets.FIN);
    }
    NetGuest with = new NetGuest(lan, TO + 1, 1500, GUEST, 64);
    with.offer(LARGE);
    with.offer(LARGE);
    byte[] other = Packets.packet(kind, TO + 1, MAC, 1, flags, random(2500), false);
    from.send(Frames.join(quiet, other));
    from.send(Frames.join(said, other));
    assertThat(received(with).headers()).containsExactly(said, said);
  }

  /// `hdr_len` is read by nobody (5.1.9.2.2).
  @ParameterizedTest
  @EnumSource(Kind.class)
  @Clause("5.1.9.2.2-D7")
  void hdrLenIsNotBelieved(Kind kind) {
    NetGuest from = sender(HOST);
    NetGuest to = receiver(MRG_RXBUF);
    byte[] packet = Packets.packet(kind, TO, MAC, 1, Packets.ACK, random(1500), false);
    for (int hdrLen : new int[] {0, 1, 14, kind.headers() + 1, 1000, 0xffff}) {
      int start = kind.checksumStart();
      byte[] header = Packets.header(1, kind.gsoType, hdrLen, SEGMENT, start, kind.checksumOffset);
      from.send(Frames.join(header, packet));
      Received all = received(to);
      assertThat(all.frames()).hasSize(2);
      assertThat(all.frames()).allMatch(frame -> Packets.faults(kind, frame, true).isEmpty());
    }
  }

  /// The MTU is for what goes over the wire, whoever cuts (5.1.4.1).
  @ParameterizedTest
  @MethodSource("pairs")
  @Clause({"5.1.4.1-D5", "5.1.4.1-D6"})
  void segmentsUpToTheMtuPassAndLongerOnesDoNot(Kind kind, Receiver receiver, boolean mergeable) {
    NetGuest from = sender(HOST);
    NetGuest to = receiver(receiver.features | (mergeable ? MRG_RXBUF : 0));
    int fits = 1500 + 14 - kind.headers();
    byte[] packet = Packets.packet(kind, TO, MAC, 1, Packets.ACK, random(2 * fits), false);
    from.send(Frames.join(Packets.gsoHeader(kind, fits), packet));
    assertThat(received(to).frames()).hasSize(receiver == Receiver.EVERYTHING ? 1 : 2);
    from.send(Frames.join(Packets.gsoHeader(kind, fits + 1), packet));
    assertThat(received(to).frames()).isEmpty();
    assertThat(from.drops(DropReason.TOO_BIG)).isEqualTo(1);
    NetGuest wide = new NetGuest(lan, MAC + 7, 9000, HOST, 64);
    wide.send(Frames.join(Packets.gsoHeader(kind, fits + 1), packet));
    assertThat(received(to).frames()).isEmpty();
    assertThat(to.drops(DropReason.TOO_BIG)).isEqualTo(1);
  }

  @Test
  void aHeaderThatContradictsThePacketIsDroppedAndCountedAndTheQueueGoesOn() {
    NetGuest from = sender(HOST);
    NetGuest to = receiver(GUEST | MRG_RXBUF);
    byte[] packet = Packets.packet(Kind.TCP4, TO, MAC, 1, Packets.ACK, random(3000), false);
    List<byte[]> headers =
        List.of(
            Packets.header(1, 1, 54, 0, 34, 16),
            Packets.header(0, 1, 54, 1000, 34, 16),
            Packets.header(1, 4, 54, 1000, 34, 16),
            Packets.header(1, 5, 54, 1000, 34, 6),
            Packets.header(1, 3, 54, 1000, 34, 16),
            Packets.header(1, 1, 54, 1000, 35, 16),
            Packets.header(1, 1, 54, 1000, 34, 18),
            Packets.header(1, 1, 54, 1000, 0xffff, 0xffff),
            Packets.header(1, 0, 0, 0, 3054, 0),
            Packets.header(1, 0, 0, 0, 0, 0));
    for (byte[] header : headers) {
      assertThat(from.send(Frames.join(header, packet))).isZero();
    }
    assertThat(received(to).frames()).isEmpty();
    assertThat(from.drops(DropReason.BAD_OFFLOAD)).isEqualTo(headers.size());
    assertThat(from.virtio.fault(NetGuest.TX)).isNull();
    from.send(Frames.join(Packets.gsoHeader(Kind.TCP4, SEGMENT), packet));
    assertThat(received(to).frames()).containsExactly(packet);
  }
}
