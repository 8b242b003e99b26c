package org.vbus.venet.offload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.l2.TestFrames;
import org.vbus.venet.offload.Packets.Known;

class SegmenterTest {
  private final Segmenter segmenter = new Segmenter();

  private List<byte[]> cut(Frame frame) {
    assertThat(segmenter.begin(frame)).isTrue();
    List<byte[]> segments = new ArrayList<>();
    while (segmenter.hasNext()) {
      Frame segment = segmenter.next();
      assertThat(segment.offload()).isEqualTo(Offload.NONE);
      segments.add(TestFrames.bytes(segment));
    }
    return segments;
  }

  static List<Known> packets() {
    return Packets.all();
  }

  @ParameterizedTest
  @MethodSource("packets")
  void segmentsAreTheKnownOnesHoweverThePacketLiesInMemory(Known known) {
    for (int pieceLength = 1; pieceLength <= known.packet().length; pieceLength++) {
      Frame frame = Packets.frame(known.packet(), pieceLength);
      frame.offload(known.offload());
      List<byte[]> segments = cut(frame);
      assertThat(segments).as("pieces of %d", pieceLength).hasSize(known.segments().size());
      for (int i = 0; i < segments.size(); i++) {
        assertThat(segments.get(i)).as("segment %d", i).isEqualTo(known.segments().get(i));
      }
      assertThat(TestFrames.bytes(frame)).as("the packet itself").isEqualTo(known.packet());
    }
  }

  /// With the checksum completed, it is the one segment.
  @ParameterizedTest
  @MethodSource("packets")
  void aPacketOfOneSegmentIsLeftAsItIs(Known known) {
    for (int size : new int[] {23, 24, 65535}) {
      Frame frame = Packets.frame(known.packet(), 1000);
      frame.offload(
          Offload.segmentation(
              known.kind(), false, known.start(), known.offset(), known.headers(), size));
      Frame whole = Packets.frame(known.packet(), 1000);
      whole.offload(Offload.checksum(known.start(), known.offset()));
      assertThat(cut(frame)).containsExactly(TestFrames.bytes(new Completion().of(whole)));
    }
  }

  @ParameterizedTest
  @MethodSource("packets")
  void aPacketWithoutPayloadIsOneSegment(Known known) {
    Frame frame = Packets.frame(Arrays.copyOf(known.packet(), known.headers()), 1000);
    frame.offload(known.offload());
    assertThat(cut(frame)).hasSize(1);
  }

  @Test
  void theLongestPacketIsCutIntoAllOfItsBytes() {
    Known known = Packets.known("tcp6");
    byte[] packet = Arrays.copyOf(known.packet(), 65593);
    byte[] payload = new byte[packet.length - known.headers()];
    new Random(3).nextBytes(payload);
    System.arraycopy(payload, 0, packet, known.headers(), payload.length);
    Frame frame = Packets.frame(packet, 997);
    frame.offload(
        Offload.segmentation(
            Offload.TCP6, false, known.start(), known.offset(), known.headers(), 1441));
    byte[] joined = new byte[payload.length];
    int at = 0;
    for (byte[] segment : cut(frame)) {
      int n = segment.length - known.headers();
      System.arraycopy(segment, known.headers(), joined, at, n);
      at += n;
      assertThat(n).isEqualTo(at == payload.length ? payload.length % 1441 : 1441);
    }
    assertThat(joined).isEqualTo(payload);
  }

  /// The sender may change what was checked before.
  @Test
  void headersThatAreNoLongerWhatTheOffloadSaysAreRefused() {
    Known known = Packets.known("tcp4");
    for (int at : new int[] {12, 14, 23, 46}) {
      byte[] changed = known.packet().clone();
      changed[at] ^= 0x7f;
      Frame frame = Packets.frame(changed, 1000);
      frame.offload(known.offload());
      assertThat(segmenter.begin(frame)).as("byte %d", at).isFalse();
    }
    Frame other = Packets.frame(Packets.known("udp4").packet(), 1000);
    other.offload(known.offload());
    assertThat(segmenter.begin(other)).isFalse();
  }
}
