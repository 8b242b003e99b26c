package org.vbus.venet.offload;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.venet.l2.Frame;

class ChecksumTest {
  /// The definition, one word at a time, as the number that is stored big-endian.
  private static int reference(byte[] bytes) {
    int sum = 0;
    for (int i = 0; i < bytes.length; i += 2) {
      int low = i + 1 < bytes.length ? bytes[i + 1] & 0xff : 0;
      sum += (bytes[i] & 0xff) << 8 | low;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return ~sum & 0xffff;
  }

  private static int bigEndian(short value) {
    return Short.reverseBytes(value) & 0xffff;
  }

  private static MemorySegment memory(byte[] bytes, int at) {
    MemorySegment memory = Arena.ofAuto().allocate(bytes.length + at + 1);
    memory.fill((byte) 0xff);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at, bytes.length);
    return memory;
  }

  /// RFC 1071, section 3, and a well-known IPv4 header.
  @ParameterizedTest
  @CsvSource({
    "0001f203f4f5f6f7, 220d",
    "45000073000040004011b861c0a80001c0a800c7, 0000",
    "450000730000400040110000c0a80001c0a800c7, b861",
    "'', ffff",
    "01, feff",
    "ffff, 0000",
    "0000, ffff"
  })
  void isWhatTheDocumentsSay(String hex, String checksum) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    long sum = Checksum.add(0, memory(bytes, 0), 0, bytes.length);
    assertThat(bigEndian(Checksum.finish(sum))).isEqualTo(Integer.parseInt(checksum, 16));
  }

  @Test
  void ofEveryLengthAtEveryAlignmentIsThatOfTheDefinition() {
    Random random = new Random(1);
    for (int length = 0; length < 200; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      for (int at = 0; at < 9; at++) {
        long sum = Checksum.add(0, memory(bytes, at), at, length);
        assertThat(bigEndian(Checksum.finish(sum)))
            .as("%d bytes at %d", length, at)
            .isEqualTo(reference(bytes));
      }
    }
  }

  @Test
  void ofTheLongestFrameOfOnesDoesNotOverflow() {
    byte[] bytes = new byte[65593];
    Arrays.fill(bytes, (byte) 0xff);
    long sum = Checksum.add(0, memory(bytes, 3), 3, bytes.length);
    assertThat(bigEndian(Checksum.finish(sum))).isEqualTo(reference(bytes));
  }

  @Test
  void ofPartsOfAFrameIsThatOfTheDefinitionHoweverItIsCut() {
    byte[] bytes = new byte[300];
    new Random(2).nextBytes(bytes);
    for (int pieceLength = 1; pieceLength < 40; pieceLength++) {
      Frame frame = Packets.frame(bytes, pieceLength);
      for (int from = 0; from < 80; from += 3) {
        for (int length : new int[] {0, 1, 2, 7, 64, 201, 220}) {
          long sum = Checksum.add(0, frame, from, length);
          assertThat(bigEndian(Checksum.finish(sum)))
              .as("%d bytes from %d in pieces of %d", length, from, pieceLength)
              .isEqualTo(reference(Arrays.copyOfRange(bytes, from, from + length)));
        }
      }
    }
  }

  @Test
  void aNumberIsAddedAsItWouldBeStored() {
    byte[] bytes = {0x12, 0x34};
    assertThat(Checksum.word(0x1234)).isEqualTo(Checksum.add(0, memory(bytes, 0), 0, 2));
  }

  @Test
  void whereZeroMeansNoneTheOtherZeroIsStored() {
    assertThat(Checksum.finish(0xffff)).isZero();
    assertThat(Checksum.finishNonZero(0xffff)).isEqualTo((short) 0xffff);
    assertThat(Checksum.finishNonZero(0x1234)).isEqualTo((short) ~0x1234);
  }
}
