package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A north that writes what it likes, whenever it likes. South refuses the ring, or loses that
/// north's events; it never throws while running, never loops and never writes elsewhere.
class HostileNorthTest {
  private static final EventGeometry GEOMETRY = new EventGeometry(2, 4, 4);
  private static final long BLOCK = 256; // offset of the block; guard bytes before and after it
  private static final ValueLayout.OfInt LE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int RING = (int) GEOMETRY.ringOffset(0);

  private final MemorySegment memory =
      Arena.ofAuto().allocate(GEOMETRY.footprint() + 2 * BLOCK, 64);
  private final NorthEvents north = format();

  private NorthEvents format() {
    memory.fill((byte) 0x5a);
    NorthEvents formatted =
        NorthEvents.format(memory, BLOCK, GEOMETRY, 0, new RecordingHandler(), level -> {});
    for (int handle = 0; handle < GEOMETRY.handles(); handle++) {
      formatted.signals().signal(handle).enable();
    }
    return formatted;
  }

  private void poke(int off, int value) {
    memory.set(LE32, BLOCK + off, value);
  }

  private void pokeByte(long off, int value) {
    memory.set(ValueLayout.JAVA_BYTE, BLOCK + off, (byte) value);
  }

  static Stream<Arguments> brokenAtRegistration() {
    return Stream.of(
        Arguments.of("ring magic", RING, 0x47fa2fe5, "magic"),
        Arguments.of("ring version", RING + 4, 3, "version"),
        Arguments.of("signal magic of the ring", RING + 8, 0, "signal"),
        Arguments.of("signal version of the ring", RING + 12, 2, "signal"),
        Arguments.of("tail too large", RING + 40, 4, "position"),
        Arguments.of("tail negative", RING + 40, -1, "position"),
        Arguments.of("count smaller", RING + 48, 3, "count"),
        Arguments.of("count huge", RING + 48, Integer.MAX_VALUE, "count"),
        Arguments.of("count negative", RING + 48, -4, "count"),
        Arguments.of("source magic", 16, 1, "signal 1"),
        Arguments.of("source version", 3 * 16 + 4, 0, "signal 3"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenAtRegistration")
  void isRefusedAtRegistration(String lie, int off, int value, String message) {
    poke(off, value);
    assertThatIllegalArgumentException()
        .as(lie)
        .isThrownBy(() -> SouthEvents.open(memory, BLOCK, GEOMETRY))
        .withMessageContaining(message);
  }

  @Test
  void isRefusedIfTheBlockDoesNotFit() {
    MemorySegment small = memory.asSlice(0, memory.byteSize() - 2 * BLOCK);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SouthEvents.open(small, BLOCK, GEOMETRY))
        .withMessageContaining("do not fit");
  }

  @ParameterizedTest(name = "inuse.tail = {0}")
  @CsvSource({"1", "4", "-1", "2147483647", "-2147483648"})
  void thatMovesTheTailGetsNoEvents(int tail) {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    poke(RING + 40, tail);
    assertThat(south.raise(0, 0)).isEqualTo(Delivery.REFUSED);
    assertThat(south.ring(0).offerDeviceDropped(1)).isEqualTo(Delivery.REFUSED);
    assertThat(south.raise(1, 1)).as("the other ring is alive").isEqualTo(Delivery.QUIET);
  }

  @Test
  void thatNeverReturnsADescriptorGetsAsManyEventsAsItHasSlots() {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    for (int i = 0; i < 4; i++) {
      assertThat(south.ring(0).offerDeviceDropped(i)).isEqualTo(Delivery.QUIET);
    }
    assertThat(south.ring(0).offerDeviceDropped(9)).isEqualTo(Delivery.FULL);
    assertThat(south.raise(0, 0)).isEqualTo(Delivery.DEFERRED);
    assertThat(south.flush(0)).isEqualTo(Delivery.QUIET);
  }

  @Test
  void thatReturnsEverythingAtOnceGetsItsOldEventsOverwritten() {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    for (int i = 0; i < 100; i++) {
      pokeByte(RING + 56 + 32L * (i % 4) + 25, 1);
      assertThat(south.ring(0).offerSignal(i)).isEqualTo(Delivery.QUIET);
    }
  }

  @ParameterizedTest(name = "handle {0}")
  @CsvSource({"-1", "4", "65536", "2147483647", "-2147483648"})
  void cannotMakeSouthRaiseAHandleOutOfRange(int handle) {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
    assertThat(south.raise(0, handle)).isEqualTo(Delivery.REFUSED);
    assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
  }

  @ParameterizedTest(name = "handle {0}")
  @CsvSource({"-1", "4", "4294967296", "-9223372036854775808"})
  void andNorthIgnoresEventsAboutHandlesOutOfRange(long handle) {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    south.ring(0).offerSignal(handle);
    assertThat(north.poll(10)).isEqualTo(1);
  }

  @Test
  void thatScribblesEverywhereAllTheTimeHarmsNothingOutsideItsBlock() {
    SouthEvents south = SouthEvents.open(memory, BLOCK, GEOMETRY);
    Random random = new Random(42);
    for (int i = 0; i < 200_000; i++) {
      pokeByte(random.nextLong(GEOMETRY.footprint()), random.nextInt());
      if (random.nextInt(4) == 0) {
        pokeByte(GEOMETRY.ringOffset(random.nextInt(2)) + 56 + 32L * random.nextInt(4) + 25, 1);
      }
      int level = random.nextInt(2);
      int handle = random.nextInt(4);
      assertThatNoException()
          .isThrownBy(() -> {
            south.raise(level, handle);
            south.flush(level);
            south.ring(level).offerDeviceAdded(handle, "rng");
          });
    }
    assertThat(memory.asSlice(0, BLOCK).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5a);
    assertThat(memory.asSlice(BLOCK + GEOMETRY.footprint()).toArray(ValueLayout.JAVA_BYTE))
        .containsOnly(0x5a);
  }
}
