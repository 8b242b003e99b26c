package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.NetGuest.MAC;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.tests.conformance.Clause;

/// What our driver makes of received packets (5.1.9.4.2), of a device that is wrong too.
class NetDriverReceiveTest {
  private static final long OTHER = 0x5254_0000_0002L;
  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int TUNNEL_IPV4 = 0x20;
  private static final int TUNNEL_IPV6 = 0x40;
  private static final int BUFFER = 2048;
  private static final int ENTRIES = 16;

  private final ScriptedNic nic =
      new ScriptedNic(1L << NetDriver.F_MRG_RXBUF | Feature.VERSION_1.mask());
  private final NetDriver driver = nic.driver(ENTRIES);

  private static byte[] frame(int length) {
    return Frames.frame(MAC, OTHER, Frames.IPV4, length);
  }

  /// A header with `buffers` in its place and `fill` in all other fields.
  private static byte[] header(int flags, int gsoType, int fill, int buffers) {
    byte[] header = Frames.header(flags, gsoType, fill);
    header[10] = (byte) buffers;
    header[11] = (byte) (buffers >>> 8);
    return header;
  }

  private void deliver(byte[] header, byte[] frame) {
    nic.deliver(Frames.join(header, frame), 12 + frame.length);
  }

  /// Nothing is handed up, all buffers are offered again, and the next packet is taken.
  private void assertRefused(String what) {
    assertThat(nic.received).as(what).isEmpty();
    assertThat(nic.receiveBuffers()).as(what).hasSize(ENTRIES);
    deliver(header(0, 0, 0, 1), frame(60));
    assertThat(nic.received).as(what).containsExactly(frame(60));
    nic.received.clear();
  }

  @Test
  @Clause({
    "5.1.9.4.2-R1",
    "5.1.9.4.2-R3",
    "5.1.9.4.2-R4",
    "5.1.9.4.2-R6",
    "5.1.9.4.2-R7",
    "5.1.9.4.2-R9"
  })
  void theFrameIsTakenAsItIsWhateverFlagsAndUnusedFieldsSay() {
    // The payload is random: what looks like a checksum in it is wrong.
    for (int flags = 0; flags < 256; flags++) {
      for (int fill : new int[] {0, 14, 0xff}) {
        deliver(header(flags, 0, fill, 1), frame(100));
        assertThat(nic.received).as("flags 0x%x", flags).containsExactly(frame(100));
        nic.received.clear();
      }
    }
    assertThat(driver.received()).isEqualTo(256 * 3);
  }

  @Test
  @Clause("5.1.9.4.2-R8")
  void aPacketWithBothTunnelBitsIsNotTaken() {
    for (int flags : new int[] {0, NEEDS_CSUM, NEEDS_CSUM | DATA_VALID, 0xff}) {
      for (int gso : new int[] {0, 1, 4, 5}) {
        deliver(header(flags, TUNNEL_IPV4 | TUNNEL_IPV6 | gso, 0, 1), frame(200));
        assertRefused("flags 0x%x gso %d".formatted(flags, gso));
      }
    }
    assertThat(driver.refused()).isEqualTo(16);
  }

  @ParameterizedTest
  @ValueSource(ints = {TUNNEL_IPV4, TUNNEL_IPV6})
  @Clause("5.1.9.4.2-R10")
  void aPacketWhoseFlagsContradictItsTunnelBitIsNotTaken(int tunnel) {
    deliver(header(0, tunnel | 1, 0, 1), frame(200));
    assertRefused("no NEEDS_CSUM");
    deliver(header(NEEDS_CSUM | DATA_VALID, tunnel | 1, 0, 1), frame(200));
    assertRefused("DATA_VALID");
    deliver(header(NEEDS_CSUM, tunnel, 0, 1), frame(200));
    assertRefused("no kind of segmentation");
  }

  @Test
  void noPacketToBeSegmentedIsTakenBecauseNoneWasAgreedUpon() {
    for (int gso = 1; gso < 256; gso++) {
      deliver(header(NEEDS_CSUM, gso, 0, 1), frame(200));
    }
    assertThat(driver.refused()).isEqualTo(255);
    nic.use(Frames.join(header(NEEDS_CSUM, 4, 0, 2), frame(BUFFER - 12)), BUFFER);
    nic.use(frame(100), 100);
    nic.poll();
    assertRefused("in two buffers");
  }

  @Test
  void aFrameOfSeveralBuffersIsPutTogether() {
    byte[] whole = frame(2 * BUFFER + 100 - 12);
    byte[] packet = Frames.join(header(0, 0, 0, 3), whole);
    for (int at = 0; at < packet.length; at += BUFFER) {
      byte[] part = Arrays.copyOfRange(packet, at, Math.min(packet.length, at + BUFFER));
      nic.use(part, part.length);
    }
    nic.poll();
    assertThat(nic.received).containsExactly(whole);
    assertThat(nic.receiveBuffers()).hasSize(ENTRIES);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 11, 12, BUFFER + 1, 65536, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
  void aUsedLengthThatCannotBeIsNotBelieved(int length) {
    nic.deliver(Frames.join(header(0, 0, 0, 1), frame(60)), length);
    assertRefused("one buffer");
    nic.use(Frames.join(header(0, 0, 0, 2), frame(60)), length < 12 ? BUFFER : length);
    nic.use(frame(60), length < 12 ? BUFFER + 1 : length);
    nic.poll();
    if (length == 12) {
      // A first buffer of nothing but the header is allowed.
      assertThat(nic.received).hasSize(1);
      nic.received.clear();
    }
    assertRefused("two buffers");
  }

  /// Fewer buffers than num_buffers says are there: what there is, is dropped.
  @ParameterizedTest
  @ValueSource(ints = {2, 17, 0xffff})
  void aFrameThatIsNotAllThereIsDropped(int buffers) {
    deliver(header(0, 0, 0, buffers), frame(100));
    assertRefused("num_buffers " + buffers);
  }

  /// What a shorter packet left unwritten is the previous one's: num_buffers of a buffer that got
  /// fewer bytes than a header means nothing (2.7.8.3).
  @Test
  void bytesBeyondTheUsedLengthAreNotLookedAt() {
    for (int i = 0; i < ENTRIES; i++) {
      nic.deliver(header(0, 0, 0, 5), 3);
    }
    for (int i = 0; i < ENTRIES; i++) {
      deliver(header(0, 0, 0, 1), frame(60));
    }
    assertThat(nic.received).hasSize(ENTRIES);
  }

  @Test
  void withoutMergeableBuffersTheirNumberMeansNothing() {
    ScriptedNic plain = new ScriptedNic(Feature.VERSION_1.mask());
    plain.driver(ENTRIES);
    plain.deliver(Frames.join(header(0, 0, 0, 7), frame(99)), 12 + 99);
    assertThat(plain.received).containsExactly(frame(99));
  }

  @Test
  void aFrameLongerThanAnyIsDropped() {
    ScriptedNic huge = new ScriptedNic(1L << NetDriver.F_MRG_RXBUF | Feature.VERSION_1.mask());
    NetDriver large = huge.driver(128);
    byte[] part = new byte[BUFFER];
    huge.use(Frames.join(header(0, 0, 0, 100), Arrays.copyOf(part, BUFFER - 12)), BUFFER);
    for (int i = 1; i < 100; i++) {
      huge.use(part, BUFFER);
    }
    huge.poll();
    assertThat(huge.received).isEmpty();
    assertThat(large.refused()).isEqualTo(1);
    assertThat(huge.receiveBuffers()).hasSize(128);
  }
}
