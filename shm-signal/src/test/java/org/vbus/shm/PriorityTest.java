package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PriorityTest {
  private static final EventGeometry GEOMETRY = new EventGeometry(3, 64, 64);

  private final MemorySegment memory = Arena.ofAuto().allocate(GEOMETRY.footprint(), 64);
  private final List<Integer> kicked = new ArrayList<>();

  /// Handles in the order in which north saw them; `atSignal` runs for each.
  private final List<Long> seen = new ArrayList<>();

  private Runnable atSignal = () -> {};
  private final NorthEvents north =
      NorthEvents.format(
          memory,
          0,
          GEOMETRY,
          0,
          new RecordingHandler() {
            @Override
            public void signal(long handle) {
              seen.add(handle);
              atSignal.run();
            }
          },
          kicked::add);
  private final SouthEvents south = SouthEvents.open(memory, 0, GEOMETRY);

  private void enableAll() {
    for (int handle = 0; handle < GEOMETRY.handles(); handle++) {
      north.signals().signal(handle).enable();
    }
  }

  @Test
  void higherLevelsComeFirst() {
    enableAll();
    south.raise(2, 20);
    south.raise(1, 10);
    south.raise(0, 0);
    assertThat(north.poll(100)).isEqualTo(3);
    assertThat(seen).containsExactly(0L, 10L, 20L);
  }

  @Test
  void aFloodBelowDelaysAHighSignalByLessThanABatch() {
    enableAll();
    for (int handle = 10; handle < 60; handle++) {
      south.raise(2, handle);
    }
    atSignal =
        () -> {
          if (seen.size() == 20) {
            south.raise(0, 0);
          }
        };
    assertThat(north.poll(1000)).isEqualTo(51);
    assertThat(seen.indexOf(0L)).isBetween(20, 20 + NorthEvents.BATCH - 1);
  }

  @Test
  void theBudgetIsKeptOverAllLevels() {
    enableAll();
    for (int handle = 0; handle < 30; handle++) {
      south.raise(handle % 3, handle);
    }
    assertThat(north.poll(7)).isEqualTo(7);
    assertThat(seen).hasSize(7);
    assertThat(north.poll(23)).isEqualTo(23);
    assertThat(north.poll(1)).isZero();
  }

  @Test
  void eachLevelInterruptsOnceUntilNorthSleepsAgain() {
    enableAll();
    assertThat(north.unmask()).isFalse();
    assertThat(south.raise(2, 1)).isEqualTo(Delivery.INTERRUPT);
    assertThat(south.raise(2, 2)).isEqualTo(Delivery.QUIET);
    assertThat(south.raise(0, 3)).isEqualTo(Delivery.INTERRUPT);
    north.mask();
    assertThat(south.raise(1, 4)).isEqualTo(Delivery.QUIET);
    assertThat(north.unmask()).as("level 1 and others are waiting").isTrue();
    assertThat(south.raise(1, 5)).as("masked again").isEqualTo(Delivery.QUIET);
    assertThat(north.poll(10)).isEqualTo(5);
    assertThat(north.unmask()).isFalse();
  }

  @Test
  void aSourceHasOneEventInTheRingHoweverOftenItIsRaised() {
    enableAll();
    assertThat(south.raise(1, 5)).isEqualTo(Delivery.QUIET);
    for (int i = 0; i < 1000; i++) {
      assertThat(south.raise(1, 5)).isEqualTo(Delivery.COALESCED);
    }
    assertThat(north.poll(100)).isEqualTo(1);
    assertThat(south.raise(1, 5)).isEqualTo(Delivery.QUIET);
  }

  @Test
  void aMaskedSourceQueuesNothingAndItsDriverFindsTheChangeWhenItUnmasks() {
    ShmSignal source = north.signals().signal(5);
    assertThat(south.raise(1, 5)).isEqualTo(Delivery.COALESCED);
    assertThat(north.poll(10)).isZero();
    assertThat(source.enable()).isTrue();
    source.take();
    assertThat(source.enable()).isFalse();
    assertThat(south.raise(1, 5)).isEqualTo(Delivery.QUIET);
  }

  @Test
  void anEventOfASourceThatWasMaskedMeanwhileIsTakenSilently() {
    enableAll();
    south.raise(1, 5);
    ShmSignal source = north.signals().signal(5);
    source.disable();
    assertThat(north.poll(10)).isEqualTo(1);
    assertThat(seen).isEmpty();
    assertThat(source.enable()).as("its driver looks again").isTrue();
    assertThat(south.raise(1, 5)).as("nothing is pending").isEqualTo(Delivery.QUIET);
  }

  @Test
  void signalsWithoutRoomAreKeptAndNorthKicksWhenThereIsRoom() {
    EventGeometry small = new EventGeometry(1, 2, 8);
    MemorySegment block = Arena.ofAuto().allocate(small.footprint(), 64);
    RecordingHandler handler = new RecordingHandler();
    NorthEvents tiny = NorthEvents.format(block, 0, small, 0, handler, kicked::add);
    for (int handle = 0; handle < 8; handle++) {
      tiny.signals().signal(handle).enable();
    }
    SouthEvents host = SouthEvents.open(block, 0, small);
    assertThat(tiny.unmask()).isFalse();
    assertThat(host.raise(0, 0)).isEqualTo(Delivery.INTERRUPT);
    assertThat(host.raise(0, 1)).isEqualTo(Delivery.QUIET);
    for (int handle = 2; handle < 5; handle++) {
      assertThat(host.raise(0, handle)).isEqualTo(Delivery.DEFERRED);
      assertThat(host.raise(0, handle)).isEqualTo(Delivery.COALESCED);
    }
    assertThat(tiny.poll(10)).isEqualTo(2);
    assertThat(kicked).containsExactly(0);
    assertThat(tiny.unmask()).isFalse();
    assertThat(host.flush(0)).isEqualTo(Delivery.INTERRUPT);
    assertThat(tiny.poll(10)).isEqualTo(2);
    assertThat(kicked).containsExactly(0, 0);
    host.flush(0);
    assertThat(tiny.poll(10)).isEqualTo(1);
    assertThat(kicked).as("nobody waits any more").containsExactly(0, 0);
    assertThat(handler.told)
        .containsExactly("signal 0", "signal 1", "signal 2", "signal 3", "signal 4");
  }
}
