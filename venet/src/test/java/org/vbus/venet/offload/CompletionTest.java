package org.vbus.venet.offload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.l2.TestFrames;
import org.vbus.venet.offload.Packets.Known;

class CompletionTest {
  private final Completion completion = new Completion();

  static List<Known> packets() {
    return Packets.all();
  }

  /// A known segment whose checksum is replaced by the sum of its pseudo header gets it back.
  @ParameterizedTest
  @MethodSource("packets")
  void theChecksumIsTheKnownOneHoweverTheFrameLiesInMemory(Known known) {
    byte[] whole = known.segments().getLast();
    byte[] partial = whole.clone();
    int field = known.start() + known.offset();
    // What the rest sums up to is the complement of the sum wanted in the field.
    partial[field] = 0;
    partial[field + 1] = 0;
    long rest =
        Checksum.add(
            0, Packets.frame(partial, 1000), known.start(), partial.length - known.start());
    long checksum = (whole[field] & 0xff) | (whole[field + 1] & 0xff) << 8;
    int pseudo = ~Checksum.fold(rest + checksum) & 0xffff;
    partial[field] = (byte) pseudo;
    partial[field + 1] = (byte) (pseudo >>> 8);
    for (int pieceLength = 1; pieceLength <= whole.length; pieceLength++) {
      Frame frame = Packets.frame(partial, pieceLength);
      frame.offload(Offload.checksum(known.start(), known.offset()));
      Frame complete = completion.of(frame);
      assertThat(TestFrames.bytes(complete)).as("pieces of %d", pieceLength).isEqualTo(whole);
      assertThat(complete.offload()).isEqualTo(Offload.NONE);
    }
  }

  @Test
  void theFieldMayBeTheLastOfTheFrame() {
    byte[] bytes = new byte[60];
    Arrays.fill(bytes, 14, 58, (byte) 1);
    Frame frame = Packets.frame(bytes, 7);
    frame.offload(Offload.checksum(14, 44));
    byte[] complete = TestFrames.bytes(completion.of(frame));
    assertThat(Arrays.copyOf(complete, 58)).isEqualTo(Arrays.copyOf(bytes, 58));
    // 22 words of 0x0101.
    assertThat((complete[58] & 0xff) << 8 | (complete[59] & 0xff))
        .isEqualTo(~(22 * 0x0101) & 0xffff);
  }

  @Test
  void aSumOfOnesIsStoredAsOnesBecauseZeroMeansNoChecksum() {
    byte[] bytes = new byte[60];
    bytes[20] = -1;
    bytes[21] = -1;
    Frame frame = Packets.frame(bytes, 60);
    frame.offload(Offload.checksum(14, 26));
    assertThat(Arrays.copyOfRange(TestFrames.bytes(completion.of(frame)), 40, 42))
        .containsExactly(-1, -1);
  }

  @Test
  void aFrameOfAsManyPiecesAsThereCanBeIsCompleted() {
    byte[] bytes = new byte[Frame.MAX_PIECES];
    Frame frame = Packets.frame(bytes, 1);
    frame.offload(Offload.checksum(100, 16));
    assertThat(completion.of(frame).length()).isEqualTo(bytes.length);
  }
}
