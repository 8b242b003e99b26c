package org.vbus.venet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.offload.GsoHeaders;
import org.vbus.venet.offload.Packets;
import org.vbus.venet.offload.Packets.Known;

/// Headers of honest and of hostile guests.
class PacketHeaderTest {
  private static final int NEEDS_CSUM = 1;
  private static final int ALL = Offload.ACCEPTS_ALL;

  private final GsoHeaders headers = new GsoHeaders();

  private static long word(int flags, int gso, int hdrLen, int size, int start) {
    return flags | gso << 8 | (long) hdrLen << 16 | (long) size << 32 | (long) start << 48;
  }

  private long decode(long word, int offset, byte[] frame, int allowed) {
    return PacketHeader.decode(word, offset, Packets.frame(frame, 1 << 17), allowed, headers);
  }

  private static int gsoType(Known known) {
    return switch (known.kind()) {
      case Offload.TCP4 -> 1;
      case Offload.TCP6 -> 4;
      default -> 5;
    };
  }

  static List<Known> packets() {
    return Packets.all();
  }

  @ParameterizedTest
  @MethodSource("packets")
  void whatAPacketSaysOfItselfIsFoundAndSaidAgain(Known known) {
    for (int hint : new int[] {0, 1, known.headers(), 0xffff}) {
      long word = word(NEEDS_CSUM, gsoType(known), hint, known.size(), known.start());
      long offload = decode(word, known.offset(), known.packet(), ALL);
      assertThat(offload).isNotEqualTo(PacketHeader.INVALID);
      assertThat(Offload.kind(offload)).isEqualTo(known.kind());
      assertThat(Offload.segmentSize(offload)).isEqualTo(known.size());
      assertThat(Offload.headers(offload)).as("whatever the hint").isEqualTo(known.headers());
      assertThat(Offload.needsChecksum(offload)).isTrue();
      int ecn = known.name().equals("tcp4") ? 0x80 : 0;
      assertThat(PacketHeader.word(offload))
          .isEqualTo(
              word(NEEDS_CSUM, gsoType(known) | ecn, known.headers(), known.size(), known.start()));
      assertThat(PacketHeader.tail(offload, 3)).isEqualTo(known.offset() | 3 << 16);
    }
  }

  @ParameterizedTest
  @MethodSource("packets")
  void whatWasNotNegotiatedIsRefused(Known known) {
    long word = word(NEEDS_CSUM, gsoType(known), 0, known.size(), known.start());
    for (int allowed : new int[] {0, 1, ALL & ~1, ALL & ~(1 << known.kind())}) {
      assertThat(decode(word, known.offset(), known.packet(), allowed))
          .as("allowed 0x%x", allowed)
          .isEqualTo(PacketHeader.INVALID);
    }
    assertThat(decode(word, known.offset(), known.packet(), 1 | 1 << known.kind()))
        .isNotEqualTo(PacketHeader.INVALID);
  }

  @ParameterizedTest
  @CsvSource({
    // flags, type, size, start, offset of tcp4, whose headers are 14 + 20 + 32
    "0, 1, 10, 34, 16, no NEEDS_CSUM",
    "2, 1, 10, 34, 16, DATA_VALID instead",
    "1, 1, 0, 34, 16, no segment size",
    "1, 4, 10, 34, 16, another IP version",
    "1, 5, 10, 34, 16, another transport",
    "1, 3, 10, 34, 16, fragmentation",
    "1, 2, 10, 34, 16, an unknown type",
    "1, 127, 10, 34, 16, an unknown type",
    "1, 33, 10, 34, 16, a tunnel",
    "1, 65, 10, 34, 16, a tunnel",
    "1, 97, 10, 34, 16, two tunnels",
    "1, 1, 10, 33, 16, start",
    "1, 1, 10, 35, 16, start",
    "1, 1, 10, 14, 16, start",
    "1, 1, 10, 0, 16, start",
    "1, 1, 10, 65535, 16, start",
    "1, 1, 10, 34, 6, offset",
    "1, 1, 10, 34, 17, offset",
    "1, 1, 10, 34, 65535, offset"
  })
  void aHeaderThatContradictsItselfOrThePacketIsRefused(
      int flags, int type, int size, int start, int offset, String what) {
    assertThat(
            decode(word(flags, type, 66, size, start), offset, Packets.known("tcp4").packet(), ALL))
        .as(what)
        .isEqualTo(PacketHeader.INVALID);
  }

  @ParameterizedTest
  @CsvSource({
    "tcp4, 12, 86dd, EtherType",
    "tcp4, 12, 8100, a tag that is none",
    "tcp4, 14, 65, IP version",
    "tcp4, 14, 44, header length",
    "tcp4, 14, 46, header length",
    "tcp4, 14, 4f, header length",
    "tcp4, 20, 2000, more fragments",
    "tcp4, 20, 0001, a later fragment",
    "tcp4, 23, 11, protocol",
    "tcp4, 23, 32, protocol",
    "tcp4, 46, 40, data offset",
    "tcp4, 46, f0, data offset beyond the end",
    "tcp6, 22, 45, IP version",
    "tcp6, 28, 06, next header",
    "tcp6, 28, 2c, a fragment header",
    "tcp6, 28, 2b, a routing header",
    "tcp6, 63, ff, options beyond the end",
    "tcp6, 62, 11, protocol",
    "udp4, 14, 4f, header length",
    "udp6, 20, 06, protocol"
  })
  void aPacketWhoseHeadersDoNotBelongTogetherIsRefused(
      String name, int at, String hex, String what) {
    Known known = Packets.known(name);
    byte[] packet = known.packet().clone();
    byte[] change = HexFormat.of().parseHex(hex);
    System.arraycopy(change, 0, packet, at, change.length);
    if (hex.equals("f0")) {
      packet = Arrays.copyOf(packet, 90);
    }
    long word = word(NEEDS_CSUM, gsoType(known), 0, known.size(), known.start());
    assertThat(decode(word, known.offset(), packet, ALL)).as(what).isEqualTo(PacketHeader.INVALID);
  }

  @ParameterizedTest
  @MethodSource("packets")
  void aPacketThatEndsWithinItsHeadersIsRefused(Known known) {
    long word = word(NEEDS_CSUM, gsoType(known), 0, known.size(), known.start());
    for (int length = 1; length < known.headers(); length++) {
      assertThat(decode(word, known.offset(), Arrays.copyOf(known.packet(), length), ALL))
          .as("%d bytes", length)
          .isEqualTo(PacketHeader.INVALID);
    }
  }

  @Test
  void aPacketThatIsTooLongToBeOneIsRefused() {
    Known known = Packets.known("tcp6");
    long word = word(NEEDS_CSUM, 4, 0, known.size(), known.start());
    assertThat(decode(word, 16, Arrays.copyOf(known.packet(), 65593), ALL))
        .isNotEqualTo(PacketHeader.INVALID);
    assertThat(decode(word, 16, Arrays.copyOf(known.packet(), 65594), ALL))
        .isEqualTo(PacketHeader.INVALID);
  }

  @ParameterizedTest
  @CsvSource({
    "14, 0, 60, true", "14, 44, 60, true", "34, 16, 60, true", "58, 0, 60, true",
    "13, 16, 60, false", "0, 0, 60, false", "14, 45, 60, false", "59, 0, 60, false",
    "60, 0, 60, false", "65535, 65535, 60, false", "34, 65535, 60, false", "65535, 6, 60, false"
  })
  void theChecksumFieldLiesWithinTheFrame(int start, int offset, int length, boolean good) {
    long offload = decode(word(NEEDS_CSUM, 0, 0, 0, start), offset, new byte[length], 1);
    assertThat(offload).isEqualTo(good ? Offload.checksum(start, offset) : PacketHeader.INVALID);
  }

  /// 5.1.9.2.2: unknown flags, and fields without the flag that governs them.
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 4, 8, 16, 32, 64, 128, 254})
  void withoutNeedsCsumNothingElseCounts(int flags) {
    assertThat(decode(word(flags, 0, 0xffff, 0xffff, 0xffff), 0xffff, new byte[60], ALL))
        .isEqualTo(Offload.NONE);
  }

  @Test
  void withoutTheFeatureTheFlagDoesNotCount() {
    assertThat(decode(word(NEEDS_CSUM, 0, 0, 0, 0xffff), 0xffff, new byte[60], 0))
        .isEqualTo(Offload.NONE);
  }

  @Test
  void ecnAloneIsNoSegmentation() {
    assertThat(decode(word(0, 0x80, 0, 0, 0), 0, new byte[60], ALL)).isEqualTo(Offload.NONE);
    assertThat(decode(word(0, 0x80, 0, 0, 0), 0, new byte[60], ALL & ~Offload.ACCEPTS_ECN))
        .isEqualTo(PacketHeader.INVALID);
  }

  @Test
  void ecnIsForTcpAndOnlyWhereItWasNegotiated() {
    Known tcp = Packets.known("tcp6");
    Known udp = Packets.known("udp6");
    long tcpWord = word(NEEDS_CSUM, 0x84, 0, 7, tcp.start());
    assertThat(Offload.ecn(decode(tcpWord, 16, tcp.packet(), ALL))).isTrue();
    assertThat(decode(tcpWord, 16, tcp.packet(), ALL & ~Offload.ACCEPTS_ECN))
        .isEqualTo(PacketHeader.INVALID);
    assertThat(decode(word(NEEDS_CSUM, 0x85, 0, 7, udp.start()), 6, udp.packet(), ALL))
        .isEqualTo(PacketHeader.INVALID);
  }

  @Test
  void onlyTheKernelIsBelievedThatAChecksumIsValid() {
    Frame frame = Packets.frame(new byte[60], 60);
    assertThat(PacketHeader.decode(2, 0, frame, ALL, headers)).isEqualTo(Offload.NONE);
    assertThat(PacketHeader.decodeTrusted(2, 0, frame, ALL, headers)).isEqualTo(Offload.DATA_VALID);
    assertThat(PacketHeader.word(Offload.DATA_VALID)).isEqualTo(2);
    assertThat(PacketHeader.tail(Offload.DATA_VALID, 1)).isEqualTo(1 << 16);
  }

  /// Whatever a guest writes, into header and packet, the answer is an offload that fits the frame.
  @Test
  void noBytesMakeItFail() {
    Random random = new Random(4);
    Frame frame = new Frame(1);
    var memory = Arena.ofAuto().allocate(512);
    List<Known> all = packets();
    for (int i = 0; i < 200_000; i++) {
      Known known = all.get(random.nextInt(all.size()));
      byte[] bytes = known.packet();
      memory.asSlice(0, bytes.length).copyFrom(java.lang.foreign.MemorySegment.ofArray(bytes));
      for (int n = random.nextInt(4); n > 0; n--) {
        memory.set(
            java.lang.foreign.ValueLayout.JAVA_BYTE,
            random.nextInt(bytes.length),
            (byte) random.nextInt());
      }
      int length = 1 + random.nextInt(300);
      frame.reset();
      frame.add(memory, 0, length);
      long word =
          random.nextBoolean()
              ? random.nextLong()
              : word(NEEDS_CSUM, gsoType(known), 0, known.size(), known.start());
      int offset = random.nextBoolean() ? known.offset() : random.nextInt(1 << 16);
      long offload = PacketHeader.decode(word, offset, frame, ALL, headers);
      if (offload != PacketHeader.INVALID && Offload.needsChecksum(offload)) {
        int field = Offload.checksumStart(offload) + Offload.checksumOffset(offload);
        assertThat(field + 2).isLessThanOrEqualTo(length);
        assertThat(Offload.headers(offload)).isLessThanOrEqualTo(length);
      }
    }
  }
}
