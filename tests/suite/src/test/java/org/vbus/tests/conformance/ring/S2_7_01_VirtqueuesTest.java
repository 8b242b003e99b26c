package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.conformance.Clause;

class S2_7_01_VirtqueuesTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 256, 32768})
  @Clause("2.7.1-R1")
  void thePartsOfEveryQueueAreAlignedAndDoNotOverlap(int size) {
    MemorySegment memory = Arena.ofAuto().allocate(8L << 20, 4096);
    GuestHeap heap = new GuestHeap(memory, 0x4000_0000L);
    // Holes of odd places: the alignment has to come from the driver, not from luck.
    for (int i = 1; i < 20; i++) {
      heap.allocate(i * 7L, 1);
      var at = DriverQueue.create(i, size, 0, 0, heap, new Ledger()).addresses();
      assertThat(at.desc() % 16).isZero();
      assertThat(at.avail() % 2).isZero();
      assertThat(at.used() % 4).isZero();
      assertThat(at.desc() + SplitLayout.descBytes(size)).isLessThanOrEqualTo(at.avail());
      assertThat(at.avail() + SplitLayout.availBytes(size)).isLessThanOrEqualTo(at.used());
      MappedMemory mapped =
          new MappedMemory(java.util.List.of(new MemoryRegion(0x4000_0000L, memory)));
      assertThat(VirtQueue.open(0, at, mapped, 0, 0, new Ledger(), () -> true, queue -> {}))
          .isNotNull();
      if (size == 32768 && i == 5) {
        return;
      }
    }
  }
}
