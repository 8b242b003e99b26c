package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class EventRingTest {
  private static final int COUNT = 4;
  private static final long DATA = EventLayout.dataOffset(COUNT);

  private final MemorySegment memory = Arena.ofAuto().allocate(EventConsumer.footprint(COUNT), 64);
  private final EventConsumer north = EventConsumer.format(memory, 0, COUNT, 0);
  private final EventProducer south = EventProducer.open(memory, 0, DATA, COUNT);
  private final RecordingHandler handler = new RecordingHandler();

  @Test
  void everyKindOfEventArrivesInOrder() {
    south.offerDeviceAdded(5, "virtual-ethernet");
    south.offerSignal(6);
    south.offerSignalClosed(7);
    south.offerDeviceDropped(8);
    assertThat(north.drain(10, handler)).isEqualTo(4);
    assertThat(handler.told)
        .containsExactly("added 5 virtual-ethernet", "signal 6", "closed 7", "dropped 8");
    assertThat(north.drain(10, handler)).isZero();
  }

  @Test
  void ringAndEventsMayLieInDifferentSegments() {
    MemorySegment data = Arena.ofAuto().allocate(16 + EventLayout.SIZE * COUNT, 8);
    EventProducer split = EventProducer.open(memory, 0, data, 16, COUNT);
    assertThat(split.offerSignal(7)).isEqualTo(Delivery.QUIET);
    assertThat(data.get(ValueLayout.JAVA_LONG, 16 + EventLayout.VALUE_OFFSET)).isEqualTo(7);
    assertThat(memory.asSlice(DATA).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    assertThat(north.hasEvent()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EventProducer.open(memory, 0, data, 24, COUNT))
        .withMessageContaining("do not fit");
  }

  @Test
  void aMaskedNorthIsNeverInterruptedAndAnIdleOneOnce() {
    assertThat(south.offerSignal(1)).isEqualTo(Delivery.QUIET);
    assertThat(north.unmask()).as("look again").isTrue();
    assertThat(south.offerSignal(2)).as("masked again").isEqualTo(Delivery.QUIET);
    north.drain(10, handler);
    assertThat(north.unmask()).isFalse();
    assertThat(south.offerSignal(3)).isEqualTo(Delivery.INTERRUPT);
    assertThat(south.offerSignal(4)).isEqualTo(Delivery.QUIET);
    north.mask();
    north.drain(10, handler);
    assertThat(north.unmask()).isFalse();
    assertThat(south.offerSignal(5)).isEqualTo(Delivery.INTERRUPT);
  }

  @Test
  void aFullRingTakesNothingMoreUntilNorthReturnsADescriptor() {
    for (int i = 0; i < COUNT; i++) {
      assertThat(south.offerSignal(i)).isEqualTo(Delivery.QUIET);
    }
    byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
    assertThat(south.offerSignal(9)).isEqualTo(Delivery.FULL);
    assertThat(south.offerDeviceAdded(9, "x")).isEqualTo(Delivery.FULL);
    assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    assertThat(north.drain(1, handler)).isEqualTo(1);
    assertThat(south.offerSignal(9)).isEqualTo(Delivery.QUIET);
  }

  @Test
  void theRingWrapsManyTimes() {
    for (int i = 0; i < 100; i++) {
      south.offerSignal(i);
      if (i % 3 == 2) {
        north.drain(3, handler);
      }
    }
    north.drain(3, handler);
    assertThat(handler.told).hasSize(100).first().isEqualTo("signal 0");
    assertThat(handler.told).last().isEqualTo("signal 99");
  }

  @Test
  void aHandledEventIsZeroAgain() {
    south.offerDeviceAdded(5, "a".repeat(127));
    south.offerSignal(6);
    north.drain(10, handler);
    assertThat(handler.told).first().isEqualTo("added 5 " + "a".repeat(127));
    assertThat(memory.asSlice(DATA).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
  }

  @Test
  void unknownEventsAreReturnedAndOtherwiseIgnored() {
    south.offerSignal(6);
    memory.set(ValueLayout.JAVA_BYTE, DATA, (byte) 77);
    south.offerSignal(7);
    assertThat(north.drain(10, handler)).isEqualTo(2);
    assertThat(handler.told).containsExactly("signal 7");
    assertThat(memory.get(ValueLayout.JAVA_BYTE, 56 + 25)).as("returned").isEqualTo((byte) 1);
  }

  @Test
  void aTypeWithoutEndIsCutAtItsField() {
    south.offerDeviceAdded(5, "x");
    memory.asSlice(DATA + 16, 128).fill((byte) 'y');
    north.drain(1, handler);
    assertThat(handler.told).containsExactly("added 5 " + "y".repeat(128));
  }

  @Test
  void badDeviceTypesAreRefused() {
    for (String type : new String[] {"", "a".repeat(128), "\u00e4"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> south.offerDeviceAdded(1, type))
          .withMessageContaining(type);
    }
  }

  @Test
  void aReopenedProducerContinuesAtTheTail() {
    south.offerSignal(1);
    EventProducer restarted = EventProducer.open(memory, 0, DATA, COUNT);
    assertThat(restarted.offerSignal(2)).isEqualTo(Delivery.QUIET);
    north.drain(10, handler);
    assertThat(handler.told).containsExactly("signal 1", "signal 2");
  }
}
