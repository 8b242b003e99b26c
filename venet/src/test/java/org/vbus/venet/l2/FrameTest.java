package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
  private static final long DESTINATION = 0x5254_0000_0002L;
  private static final long SOURCE = 0xAC12_3456_789AL;

  @Test
  void readsTheHeaderOfOnePiece() {
    Frame frame = TestFrames.frame(DESTINATION, SOURCE, 60);
    assertThat(frame.length()).isEqualTo(60);
    assertThat(frame.destination()).isEqualTo(DESTINATION);
    assertThat(frame.source()).isEqualTo(SOURCE);
    assertThat(frame.etherType()).isEqualTo(0x88B5);
    assertThat(frame.isMulticast()).isFalse();
    assertThat(TestFrames.frame(MacAddress.BROADCAST, SOURCE, 60).isMulticast()).isTrue();
  }

  @Test
  void readsAHeaderThatIsAllThereIs() {
    Frame frame = TestFrames.frame(DESTINATION, SOURCE, Frame.HEADER_LENGTH);
    assertThat(frame.source()).isEqualTo(SOURCE);
    assertThat(frame.etherType()).isEqualTo(0x88B5);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 7, 8, 12, 13})
  void readsAHeaderThatStraddlesPieces(int pieceLength) {
    MemorySegment memory = TestFrames.memory(DESTINATION, SOURCE, 60);
    Frame frame = split(memory, 60, pieceLength);
    assertThat(frame.pieces()).isEqualTo((60 + pieceLength - 1) / pieceLength);
    assertThat(frame.destination()).isEqualTo(DESTINATION);
    assertThat(frame.source()).isEqualTo(SOURCE);
    assertThat(frame.etherType()).isEqualTo(0x88B5);
  }

  @Test
  void readsTheHeaderFromMemoryOnce() {
    MemorySegment memory = TestFrames.memory(DESTINATION, SOURCE, 60);
    Frame frame = new Frame();
    frame.add(memory, 0, 60);
    assertThat(frame.destination()).isEqualTo(DESTINATION);
    TestFrames.setAddresses(memory, MacAddress.BROADCAST, MacAddress.BROADCAST);
    assertThat(frame.destination()).isEqualTo(DESTINATION);
    assertThat(frame.source()).isEqualTo(SOURCE);
    frame.reset();
    frame.add(memory, 0, 60);
    assertThat(frame.destination()).isEqualTo(MacAddress.BROADCAST);
  }

  @Test
  void hasNoHeaderWhenShorterThanOne() {
    Frame frame = TestFrames.frame(DESTINATION, SOURCE, Frame.HEADER_LENGTH - 1);
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(frame::destination);
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(new Frame()::etherType);
  }

  @Test
  void refusesMorePiecesThanItHasRoomFor() {
    MemorySegment memory = TestFrames.memory(DESTINATION, SOURCE, 60);
    Frame frame = new Frame(2);
    assertThat(frame.add(memory, 0, 20)).isTrue();
    assertThat(frame.add(memory, 20, 20)).isTrue();
    assertThat(frame.add(memory, 40, 20)).isFalse();
    assertThat(frame.length()).isEqualTo(40);
    assertThat(frame.add(memory, 40, 0)).as("an empty piece needs no room").isTrue();
    assertThat(frame.pieces()).isEqualTo(2);
    assertThatIllegalArgumentException().isThrownBy(() -> frame.add(memory, 0, -1));
  }

  @Test
  void refusesALengthThatOverflows() {
    Frame frame = new Frame();
    assertThat(frame.add(MemorySegment.NULL, 0, Integer.MAX_VALUE)).isTrue();
    assertThat(frame.add(MemorySegment.NULL, 0, 1)).isFalse();
    assertThat(frame.length()).isEqualTo(Integer.MAX_VALUE);
    assertThat(frame.pieces()).isEqualTo(1);
  }

  @Test
  void copiesEveryLengthAndNothingBeyond() {
    for (int length = 0; length <= 600; length++) {
      byte[] expected = randomBytes(length);
      MemorySegment source = Arena.ofAuto().allocate(length + 3);
      MemorySegment.copy(expected, 0, source, ValueLayout.JAVA_BYTE, 3, length);
      Frame frame = new Frame(1);
      frame.add(source, 3, length);

      MemorySegment target = Arena.ofAuto().allocate(length + 20).fill((byte) 0x5A);
      frame.copyTo(target, 7);

      byte[] all = target.toArray(ValueLayout.JAVA_BYTE);
      assertThat(Arrays.copyOfRange(all, 7, 7 + length)).isEqualTo(expected);
      assertThat(Arrays.copyOfRange(all, 0, 7)).containsOnly(0x5A);
      assertThat(Arrays.copyOfRange(all, 7 + length, all.length)).containsOnly(0x5A);
    }
  }

  @Test
  void gathersPiecesAndScattersThemOverBuffersOfOtherLengths() {
    byte[] expected = randomBytes(3000);
    MemorySegment source = Arena.ofAuto().allocate(3000);
    MemorySegment.copy(expected, 0, source, ValueLayout.JAVA_BYTE, 0, 3000);
    for (int pieceLength : new int[] {3, 7, 64, 255, 256, 257, 1024, 3000}) {
      Frame frame = split(source, 3000, pieceLength);
      for (int bufferLength : new int[] {1, 10, 100, 256, 1000, 3000}) {
        byte[] result = new byte[3000];
        for (int at = 0; at < 3000; at += bufferLength) {
          int part = Math.min(bufferLength, 3000 - at);
          frame.copyTo(at, MemorySegment.ofArray(result), at, part);
        }
        assertThat(result).as("%d into %d", pieceLength, bufferLength).isEqualTo(expected);
      }
    }
  }

  @Test
  void copiesRangesInAnyOrder() {
    byte[] expected = randomBytes(500);
    MemorySegment source = Arena.ofAuto().allocate(500);
    MemorySegment.copy(expected, 0, source, ValueLayout.JAVA_BYTE, 0, 500);
    Frame frame = split(source, 500, 9);
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      int from = random.nextInt(501);
      int length = random.nextInt(501 - from);
      byte[] result = new byte[length];
      frame.copyTo(from, MemorySegment.ofArray(result), 0, length);
      assertThat(result).isEqualTo(Arrays.copyOfRange(expected, from, from + length));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 61, Integer.MAX_VALUE})
  void refusesRangesOutsideTheFrame(int frameOff) {
    Frame frame = TestFrames.frame(DESTINATION, SOURCE, 60);
    MemorySegment target = Arena.ofAuto().allocate(100);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> frame.copyTo(frameOff, target, 0, 60));
  }

  @Test
  void forgetsEverythingOnReset() {
    Frame frame = split(TestFrames.memory(DESTINATION, SOURCE, 60), 60, 7);
    frame.copyTo(50, Arena.ofAuto().allocate(10), 0, 10);
    frame.reset();
    assertThat(frame.length()).isZero();
    assertThat(frame.pieces()).isZero();
    frame.add(TestFrames.memory(SOURCE, DESTINATION, 20), 0, 20);
    assertThat(frame.source()).isEqualTo(DESTINATION);
    assertThat(TestFrames.bytes(frame)).hasSize(20).endsWith(0, 1, 2, 3, 4, 5);
  }

  private static Frame split(MemorySegment memory, int length, int pieceLength) {
    Frame frame = new Frame();
    for (int at = 0; at < length; at += pieceLength) {
      assertThat(frame.add(memory, at, Math.min(pieceLength, length - at))).isTrue();
    }
    return frame;
  }

  private static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
