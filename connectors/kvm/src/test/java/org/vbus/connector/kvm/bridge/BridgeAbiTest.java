package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;

/// Places as the tables of the package say, which a driver queue in a region of its own has too.
class BridgeAbiTest {
  @ParameterizedTest(name = "{0} entries")
  @CsvSource({
    "1, 64, 128, 192",
    "2, 64, 128, 192",
    "4, 64, 128, 192",
    "8, 128, 192, 320",
    "16, 256, 320, 512",
    "256, 4096, 4672, 6784",
    "32768, 524288, 589888, 852096"
  })
  void theRegionOfAQueueHasItsRingsBehindEachOther(int size, int avail, int used, int bytes) {
    assertThat(BridgeAbi.availOffset(size)).isEqualTo(avail);
    assertThat(BridgeAbi.usedOffset(size)).isEqualTo(used);
    assertThat(BridgeAbi.queueBytes(size)).isEqualTo(bytes);
  }

  @Test
  void aDriverQueueOnAHeapThatIsTheRegionHasThatLayout() {
    try (North north = new North()) {
      for (int size = 1; size <= 1024; size *= 2) {
        long region = north.heap.allocate(BridgeAbi.queueBytes(size), BridgeAbi.QUEUE_ALIGN);
        long gpa = North.BASE + region;
        GuestHeap heap =
            new GuestHeap(north.memory.asSlice(region, BridgeAbi.queueBytes(size)), gpa);
        DriverQueue queue = DriverQueue.create(0, size, 0, 0, heap, new Ledger());
        assertThat(queue.addresses())
            .isEqualTo(
                new VirtQueue.Addresses(
                    size,
                    gpa,
                    gpa + BridgeAbi.availOffset(size),
                    gpa + BridgeAbi.usedOffset(size)));
        assertThat(heap.inUse()).isEqualTo(BridgeAbi.queueBytes(size));
      }
    }
  }

  @Test
  void queueAndSizeShareTheIdOfARegion() {
    assertThat(BridgeAbi.queueRegion(3, 256)).isEqualTo(0x0100_0003);
    assertThat(BridgeAbi.queueRegion(0, 32768)).isEqualTo(0x8000_0000);
  }
}
