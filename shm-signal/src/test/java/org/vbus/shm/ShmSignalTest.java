package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// One step after the other, as in section 4 of the vbus ABI.
class ShmSignalTest {
  private final MemorySegment memory = Arena.ofAuto().allocate(16, 8);
  private final ShmSignal north = new ShmSignal(memory, 0, Locality.NORTH);
  private final ShmSignal south = new ShmSignal(memory, 0, Locality.SOUTH);

  @BeforeEach
  void format() {
    ShmSignal.format(memory, 0);
  }

  private void northIs(int enabled, int pending, int dirty) {
    byte[] bytes = memory.asSlice(8, 3).toArray(ValueLayout.JAVA_BYTE);
    assertThat(bytes).containsExactly(enabled, pending, dirty);
  }

  @Test
  void aMaskedPeerIsNotTold() {
    assertThat(south.inject()).isFalse();
    northIs(0, 0, 1);
  }

  @Test
  void anUnmaskedPeerIsToldOnceUntilItHasTakenTheNotification() {
    assertThat(north.enable()).isFalse();
    assertThat(south.inject()).isTrue();
    northIs(1, 1, 1);
    assertThat(south.inject()).isFalse();
    north.take();
    northIs(1, 1, 0);
    assertThat(south.inject()).isFalse();
    northIs(1, 1, 1);
    north.finish();
    northIs(1, 0, 1);
    assertThat(south.inject()).isTrue();
  }

  @Test
  void unmaskingReportsWhatHappenedWhileMasked() {
    south.inject();
    assertThat(north.enable()).isTrue();
    northIs(1, 0, 1);
    assertThat(north.due()).isTrue();
    north.disable();
    northIs(0, 0, 1);
    assertThat(north.enabled()).isFalse();
    assertThat(north.due()).isFalse();
  }

  @Test
  void wakeupRunsTheHandlerUntilNothingIsDirtyAndLetsThePeerNotifyOnlyThen() {
    north.enable();
    assertThat(south.inject()).isTrue();
    int[] runs = {0};
    north.wakeup(() -> {
      northIs(1, 1, 0);
      if (++runs[0] < 3) {
        assertThat(south.inject()).as("pending while the handler runs").isFalse();
      }
    });
    assertThat(runs[0]).isEqualTo(3);
    northIs(1, 0, 0);
  }

  @Test
  void wakeupDoesNothingWhileMasked() {
    south.inject();
    north.wakeup(() -> {
      throw new AssertionError("masked");
    });
    northIs(0, 0, 1);
  }

  @Test
  void wakeupStopsWhenTheHandlerMasks() {
    north.enable();
    south.inject();
    int[] runs = {0};
    north.wakeup(() -> {
      runs[0]++;
      north.disable();
      south.inject();
    });
    assertThat(runs[0]).isEqualTo(1);
    northIs(0, 0, 1);
  }

  @Test
  void bothDirectionsAreIndependent() {
    north.enable();
    assertThat(north.inject()).isFalse();
    south.enable();
    assertThat(north.inject()).isTrue();
    northIs(1, 0, 0);
  }

  @Test
  void aWrongMagicOrVersionIsNotValid() {
    assertThat(south.valid()).isTrue();
    memory.set(ValueLayout.JAVA_BYTE, 4, (byte) 2);
    assertThat(south.valid()).isFalse();
    ShmSignal.format(memory, 0);
    memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    assertThat(south.valid()).isFalse();
  }
}
