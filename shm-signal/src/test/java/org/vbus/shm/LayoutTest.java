package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/// The bytes in memory against the tables of the vbus ABI, sections 4, 5 and 6; numbers are those
/// of the tables on purpose.
class LayoutTest {
  private static final ValueLayout.OfInt LE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory = Arena.ofAuto().allocate(8192, 64);

  private int u8(long off) {
    return memory.get(ValueLayout.JAVA_BYTE, off);
  }

  @Test
  void aFreshSignalIsMagicVersionAndZeroes() {
    memory.fill((byte) 0xaa);
    ShmSignal.format(memory, 16);
    byte[] expected = {(byte) 0xdf, 0x39, (byte) 0xfa, 0x58, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    assertThat(memory.asSlice(16, 16).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    assertThat(u8(15)).isEqualTo((byte) 0xaa);
    assertThat(u8(32)).isEqualTo((byte) 0xaa);
  }

  @Test
  void northUsesBytes8To10AndSouthBytes11To13OfASignal() {
    ShmSignal.format(memory, 0);
    ShmSignal north = new ShmSignal(memory, 0, Locality.NORTH);
    ShmSignal south = new ShmSignal(memory, 0, Locality.SOUTH);
    north.enable();
    assertThat(u8(8)).isEqualTo(1);
    south.inject();
    assertThat(u8(9)).isEqualTo(1);
    assertThat(u8(10)).isEqualTo(1);
    assertThat(u8(11)).isZero();
    south.enable();
    assertThat(u8(11)).isEqualTo(1);
    north.inject();
    assertThat(u8(12)).isEqualTo(1);
    assertThat(u8(13)).isEqualTo(1);
  }

  @Test
  void aFreshRingHasItsHeadAt0AndItsDescriptorsAt56() {
    memory.fill((byte) 0xaa);
    Ioq ring = Ioq.format(memory, 0, 3);
    assertThat(memory.get(LE32, 0)).isEqualTo(0x47fa2fe4);
    assertThat(memory.get(LE32, 4)).isEqualTo(4);
    assertThat(memory.get(LE32, 8)).isEqualTo(0x58fa39df);
    assertThat(memory.get(LE32, 12)).isEqualTo(1);
    assertThat(memory.asSlice(16, 32).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    assertThat(memory.get(LE32, 48)).isEqualTo(3);
    assertThat(memory.asSlice(52, 100).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    assertThat(u8(56 + 3 * 32)).isEqualTo((byte) 0xaa);
    assertThat(IoqLayout.footprint(3)).isEqualTo(56 + 3 * 32);

    ring.buffer(2, 0x1122334455667788L, 0x99, 0x1000);
    assertThat(memory.get(LE64, 56 + 64)).isEqualTo(0x1122334455667788L);
    assertThat(memory.get(LE64, 56 + 64 + 8)).isEqualTo(0x99);
    assertThat(memory.get(LE64, 56 + 64 + 16)).isEqualTo(0x1000);
    assertThat(u8(56 + 64 + 24)).isEqualTo(1);
    assertThat(u8(56 + 64 + 25)).isZero();
  }

  @Test
  void aFreshEventRingIsFullOnValidAndOwnedBySouth() {
    EventConsumer.format(memory, 64, 4, 0x10000);
    long data = 56 + 4 * 32;
    assertThat(EventConsumer.footprint(4)).isEqualTo(data + 4 * 144);
    for (int i = 0; i < 4; i++) {
      long desc = 64 + 56 + 32L * i;
      assertThat(memory.get(LE64, desc)).isEqualTo(i);
      assertThat(memory.get(LE64, desc + 8)).isEqualTo(0x10000 + data + 144L * i);
      assertThat(memory.get(LE64, desc + 16)).isEqualTo(144);
      assertThat(u8(desc + 24)).isEqualTo(1);
      assertThat(u8(desc + 25)).isEqualTo(1);
    }
    assertThat(memory.get(LE32, 64 + 24)).as("valid.head").isZero();
    assertThat(memory.get(LE32, 64 + 28)).as("valid.tail").isZero();
    assertThat(u8(64 + 32)).as("valid.full").isEqualTo(1);
    assertThat(memory.get(LE32, 64 + 36)).as("inuse.head").isZero();
    assertThat(memory.get(LE32, 64 + 40)).as("inuse.tail").isZero();
    assertThat(u8(64 + 44)).as("inuse.full").isZero();
    assertThat(u8(64 + 16)).as("north.enabled").isZero();
  }

  @Test
  void eventsHaveTheirFieldsAt0And8And16() {
    EventConsumer.format(memory, 0, 4, 0);
    long data = EventLayout.dataOffset(4);
    EventProducer south = EventProducer.open(memory, 0, data, 4);

    south.offerDeviceAdded(0x1234567890L, "virtual-ethernet");
    assertThat(memory.get(LE32, data)).isZero();
    assertThat(memory.get(LE64, data + 8)).isEqualTo(0x1234567890L);
    assertThat(memory.getString(data + 16)).isEqualTo("virtual-ethernet");
    south.offerDeviceDropped(7);
    assertThat(memory.get(LE32, data + 144)).isEqualTo(1);
    assertThat(memory.get(LE64, data + 144 + 8)).isEqualTo(7);
    south.offerSignal(8);
    assertThat(memory.get(LE32, data + 288)).isEqualTo(2);
    assertThat(memory.get(LE64, data + 288 + 8)).isEqualTo(8);
    south.offerSignalClosed(9);
    assertThat(memory.get(LE32, data + 432)).isEqualTo(3);
    assertThat(memory.get(LE64, data + 432 + 8)).isEqualTo(9);

    assertThat(memory.get(LE32, 40)).as("inuse.tail").isZero();
    assertThat(u8(44)).as("inuse.full").isEqualTo(1);
    assertThat(u8(56 + 25)).as("sown").isZero();
  }

  @Test
  void theBlockOfSeveralRingsDoesNotOverlap() {
    EventGeometry geometry = new EventGeometry(3, 5, 7);
    assertThat(geometry.ringOffset(0)).isEqualTo(128);
    assertThat(geometry.dataOffset(0)).isEqualTo(128 + 56 + 5 * 32);
    assertThat(geometry.ringOffset(1)).isGreaterThanOrEqualTo(geometry.dataOffset(0) + 5 * 144);
    assertThat(geometry.ringOffset(2) % 64).isZero();
    assertThat(geometry.footprint()).isGreaterThanOrEqualTo(geometry.dataOffset(2) + 5 * 144);
  }

  @Test
  void placesThatDoNotFitOrAreMisalignedAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShmSignal.format(memory, 8180))
        .withMessageContaining("do not fit");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ShmSignal(memory, -16, Locality.NORTH));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ioq.format(memory, 4, 2))
        .withMessageContaining("aligned");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ioq.format(MemorySegment.ofArray(new byte[4096]), 0, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> Ioq.format(memory, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Ioq.format(memory, 0, 2049));
    assertThatIllegalArgumentException().isThrownBy(() -> new EventGeometry(9, 1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new EventGeometry(1, 1, 0));
  }
}
