package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.Lan.STATION;
import static org.vbus.tests.conformance.net.NetGuest.DIRT;
import static org.vbus.tests.conformance.net.NetGuest.MAC;
import static org.vbus.tests.conformance.net.NetGuest.MRG_RXBUF;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.RingFault;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.conformance.net.NetGuest.Piece;
import org.vbus.tests.conformance.net.NetGuest.Used;
import org.vbus.venet.l2.DropReason;

/// A received frame over several buffers (5.1.9.4.1).
class MergeableBuffersTest {
  private final Lan lan = new Lan();
  private final NetGuest guest = new NetGuest(lan, MAC, 9000, MRG_RXBUF, 128);

  private static byte[] frame(int length) {
    return Frames.frame(MAC, STATION, Frames.IPV4, length);
  }

  private static int numBuffers(Used first) {
    return (first.all()[10] & 0xff) | (first.all()[11] & 0xff) << 8;
  }

  /// Checks the chains of one frame against the clauses, and puts the frame together.
  private static byte[] merged(List<Used> chains) {
    assertThat(numBuffers(chains.getFirst())).as("num_buffers").isEqualTo(chains.size());
    assertThat(Arrays.copyOf(chains.getFirst().all(), 10)).as("header").containsOnly(0);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < chains.size(); i++) {
      Used used = chains.get(i);
      if (i < chains.size() - 1) {
        assertThat(used.length()).as("buffer %d is full", i).isEqualTo(used.all().length);
      }
      int skip = i == 0 ? 12 : 0;
      bytes.write(used.all(), skip, used.length() - skip);
      for (int at = used.length(); at < used.all().length; at++) {
        assertThat(used.all()[at]).as("byte %d of buffer %d", at, i).isEqualTo(DIRT);
      }
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 63, 64})
  @Clause({"5.1.9.3.2-D1", "5.1.9.4.1-D2", "5.1.9.4.1-D3"})
  void aFrameFillsAsManyBuffersAsItNeeds(int buffers) {
    int size = 100;
    byte[] exact = frame(buffers * size - 12);
    for (int i = 0; i < 64; i++) {
      guest.offer(size);
    }
    lan.deliver(exact);
    List<Used> used = guest.used();
    assertThat(used).hasSize(buffers);
    assertThat(merged(used)).isEqualTo(exact);
  }

  @Test
  @Clause({"5.1.9.3.2-D1", "5.1.9.4.1-D2", "5.1.9.4.1-D3"})
  void oneByteMoreTakesOneBufferMore() {
    for (int i = 0; i < 4; i++) {
      guest.offer(256);
    }
    lan.deliver(frame(2 * 256 - 12 + 1));
    List<Used> used = guest.used();
    assertThat(used).hasSize(3);
    assertThat(used.getLast().length()).isEqualTo(1);
    assertThat(merged(used)).isEqualTo(frame(2 * 256 - 12 + 1));
  }

  @Test
  @Clause("5.1.9.4.1-D4")
  void theBuffersOfAFrameBecomeUsedTogether() {
    for (int i = 0; i < 12; i++) {
      guest.offer(200, 56);
    }
    for (int frames = 1; frames <= 3; frames++) {
      lan.inject(frame(900));
      assertThat(guest.usedIdx(guest.rx)).as("before the burst is published").isZero();
    }
    lan.run();
    assertThat(guest.usedIdx(guest.rx)).isEqualTo(12);
    List<Used> used = guest.used();
    for (int i = 0; i < 12; i += 4) {
      assertThat(merged(used.subList(i, i + 4))).isEqualTo(frame(900));
    }
  }

  @Test
  @Clause({"5.1.9.4.1-D2", "5.1.9.4.1-D4"})
  void withTooFewBuffersNothingIsConsumedAndTheDropIsCounted() {
    for (int i = 0; i < 3; i++) {
      guest.offer(256);
    }
    lan.deliver(frame(3 * 256 - 12 + 1));
    lan.deliver(frame(9014));
    assertThat(guest.used()).isEmpty();
    assertThat(guest.drops(DropReason.NO_BUFFER)).isEqualTo(2);
    lan.deliver(frame(60));
    List<Used> used = guest.used();
    assertThat(used).hasSize(1);
    assertThat(merged(used)).isEqualTo(frame(60));
    guest.offer(256);
    lan.deliver(frame(3 * 256 - 12));
    assertThat(merged(guest.used())).isEqualTo(frame(3 * 256 - 12));
  }

  @Test
  void aFrameNeverTakesMoreThan64Buffers() {
    for (int i = 0; i < 100; i++) {
      guest.offer(80);
    }
    lan.deliver(frame(64 * 80 - 12 + 1));
    assertThat(guest.used()).isEmpty();
    assertThat(guest.drops(DropReason.TOO_BIG)).isEqualTo(1);
    lan.deliver(frame(64 * 80 - 12));
    assertThat(merged(guest.used())).isEqualTo(frame(64 * 80 - 12));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @Clause({"5.1.9.3.2-D1", "5.1.9.4.1-D2", "5.1.9.4.1-D3"})
  void anyBuffersOfAnyDescriptorsHoldAnyFrame(long seed) {
    Random random = new Random(seed);
    int offered = 0;
    for (int round = 0; round < 120; round++) {
      while (guest.rx.free() > 8 && offered < 40) {
        int[] lengths = new int[1 + random.nextInt(4)];
        for (int i = 0; i < lengths.length; i++) {
          lengths[i] = 1 + random.nextInt(i == 0 ? 300 : 40);
        }
        lengths[0] += 12;
        guest.offer(lengths);
        offered++;
      }
      int length = 14 + random.nextInt(1500);
      long drops = guest.drops(DropReason.NO_BUFFER);
      lan.deliver(frame(length));
      List<Used> used = guest.used();
      offered -= used.size();
      if (used.isEmpty()) {
        assertThat(guest.drops(DropReason.NO_BUFFER)).isEqualTo(drops + 1);
      } else {
        assertThat(merged(used)).isEqualTo(frame(length));
      }
    }
  }

  @Test
  @Clause("5.1.9.4.1-D3")
  void aFirstBufferOfNothingButTheHeaderIsFilledToo() {
    guest.offer(12);
    guest.offer(4, 56);
    lan.deliver(frame(60));
    List<Used> used = guest.used();
    assertThat(used).hasSize(2);
    assertThat(used.getFirst().length()).isEqualTo(12);
    assertThat(merged(used)).isEqualTo(frame(60));
  }

  /// It may not be used with this feature (5.1.9.3.1); the driver gets it back by a reset.
  @Test
  void aFirstBufferShorterThanTheHeaderHoldsNothing() {
    guest.offer(11);
    guest.offer(2048);
    lan.deliver(frame(60));
    assertThat(guest.used()).isEmpty();
    assertThat(guest.drops(DropReason.TOO_BIG)).isEqualTo(1);
    assertThat(guest.virtio.fault(NetGuest.RX)).isNull();
  }

  @Test
  void aLieInALaterBufferBreaksTheQueueAndConsumesNothing() {
    guest.offer(100);
    guest.offer(List.of(new Piece(0x7000_0000_0000L, 100, true)));
    lan.deliver(frame(60));
    assertThat(merged(guest.used())).isEqualTo(frame(60));
    guest.offer(100);
    lan.deliver(frame(150));
    assertThat(guest.used()).isEmpty();
    assertThat(guest.virtio.fault(NetGuest.RX)).isEqualTo(RingFault.ADDRESS_OUTSIDE_MEMORY);
    assertThat(guest.drops(DropReason.PORT_ERROR)).isEqualTo(1);
    lan.deliver(frame(60));
    assertThat(guest.drops(DropReason.PORT_ERROR)).isEqualTo(2);
    byte[] out = Frames.frame(STATION, MAC, Frames.IPV4, 60);
    guest.send(Frames.join(Frames.plainHeader(), out));
    assertThat(lan.received()).as("the other queue goes on").containsExactly(out);
  }

  @Test
  void severalFramesOfABurstKeepTheirOrder() {
    List<byte[]> sent = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      guest.offer(256);
    }
    for (int length = 60; length < 900; length += 97) {
      sent.add(frame(length));
      lan.inject(frame(length));
    }
    lan.run();
    List<Used> used = guest.used();
    List<byte[]> received = new ArrayList<>();
    while (!used.isEmpty()) {
      int n = numBuffers(used.getFirst());
      received.add(merged(used.subList(0, n)));
      used = used.subList(n, used.size());
    }
    assertThat(received).containsExactlyElementsOf(sent);
  }
}
