package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.PackedIndex;
import org.vbus.core.ring.PackedLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.fixture.GuardedMemory;

/// A packed queue goes on after its device was killed, with nobody but the ring to ask.
class PackedRecoveryTest {
  private static final long FEATURES =
      Feature.setOf(
          Feature.VERSION_1, Feature.RING_PACKED, Feature.INDIRECT_DESC, Feature.EVENT_IDX);
  private static final int WRITTEN = 5;

  private final GuardedMemory memory = new GuardedMemory(1 << 16);
  private final GuestHeap heap = new GuestHeap(memory.segment(0), GuardedMemory.BASE);
  private final Chain chain = new Chain();

  private VirtQueue open(DriverQueue driver, int position) {
    VirtQueue device =
        VirtQueue.open(
            0,
            driver.addresses(),
            memory.memory(),
            FEATURES,
            position,
            new Ledger(),
            () -> true,
            queue -> {});
    return Objects.requireNonNull(device);
  }

  private int recovered(DriverQueue driver, int said) {
    return VirtQueue.recover(driver.addresses(), memory.memory(), FEATURES, said);
  }

  /// Whatever the device had done when it was killed, each chain comes back, once and in order, and
  /// a burst that the driver could not see yet comes back whole or is served again.
  @ParameterizedTest
  @ValueSource(ints = {7, 8, 64})
  void everyChainComesBackOnce(int size) {
    Random random = new Random(size);
    DriverQueue driver = DriverQueue.create(0, size, FEATURES, 2, heap, new Ledger());
    long buffers = heap.allocate(16L * size, 64);
    Deque<Integer> offered = new ArrayDeque<>();
    int token = 0;
    int said = VirtQueue.freshPosition(FEATURES);
    VirtQueue device = open(driver, said);
    Burst burst = new Burst();
    device.bind(burst);
    int kills = 0;
    for (int step = 0; step < 20_000; step++) {
      switch (random.nextInt(4)) {
        case 0 -> {
          for (int n = random.nextInt(size); n > 0 && driver.free() > 0; n--) {
            driver.begin();
            driver.in(heap.gpa(buffers + 16L * token), 8);
            if (random.nextBoolean()) {
              driver.in(heap.gpa(buffers + 16L * token + 8), 8);
            }
            driver.commit(token);
            offered.add(token);
            token = (token + 1) % size;
          }
          boolean _ = driver.publish();
        }
        case 1 -> {
          serve(device, random.nextInt(size));
          burst.publish();
        }
        case 2 -> {
          for (int t = driver.nextUsed(); t >= 0; t = driver.nextUsed()) {
            assertThat(t).isEqualTo(offered.remove());
            assertThat(driver.usedLength()).isEqualTo(WRITTEN);
          }
        }
        default -> {
          int published = device.position() >>> 16;
          int staged = random.nextInt(size);
          if (plausible(published, said, staged, size)) {
            continue;
          }
          serve(device, staged);
          int now = recovered(driver, said);
          assertThat(now & 0xffff).isEqualTo(now >>> 16);
          device = open(driver, now);
          burst = new Burst();
          device.bind(burst);
          kills++;
          if (random.nextInt(8) == 0) {
            said = now;
          }
        }
      }
    }
    assertThat(kills).isGreaterThan(1000);
    assertThat(device.fault()).isNull();
    serve(device, size);
    burst.publish();
    int back = 0;
    while (driver.nextUsed() >= 0) {
      back++;
    }
    assertThat(back).isEqualTo(offered.size());
  }

  private void serve(VirtQueue device, int most) {
    for (int n = 0; n < most && device.peek(chain); n++) {
      device.complete(chain, WRITTEN);
    }
  }

  /// Whether a position from the past is by chance just behind where a device stands that has
  /// staged that many chains: as if it had used a list there.
  private static boolean plausible(int published, int said, int staged, int size) {
    int from = PackedIndex.decoded(published, size);
    int to = PackedIndex.decoded(said >>> 16, size);
    int ahead = PackedIndex.distance(from, to, size);
    return ahead > 0 && ahead <= staged + 1;
  }

  @Test
  void aPositionBehindAListIsLeftAsItIs() {
    int size = 8;
    DriverQueue driver = DriverQueue.create(0, size, FEATURES, 0, heap, new Ledger());
    long buffer = heap.allocate(64, 64);
    VirtQueue device = open(driver, VirtQueue.freshPosition(FEATURES));
    Burst burst = new Burst();
    device.bind(burst);
    for (int i = 0; i < 2; i++) {
      driver.begin();
      driver.in(heap.gpa(buffer), 8);
      driver.in(heap.gpa(buffer + 8), 8);
      driver.in(heap.gpa(buffer + 16), 8);
      driver.commit(i);
    }
    boolean _ = driver.publish();
    serve(device, 1);
    burst.publish();
    assertThat(PackedIndex.decoded(device.position() >>> 16, size)).isEqualTo(3);
    assertThat(recovered(driver, device.position())).isEqualTo(device.position());
  }

  @Test
  void withoutIndirectTablesTheRingDoesNotTell() {
    DriverQueue driver = DriverQueue.create(0, 8, FEATURES, 0, heap, new Ledger());
    long without = FEATURES & ~Feature.INDIRECT_DESC.mask();
    int said = PackedIndex.encoded(5, 8) | PackedIndex.encoded(5, 8) << 16;
    assertThat(VirtQueue.recover(driver.addresses(), memory.memory(), without, said))
        .isEqualTo(said);
  }

  @Test
  void aRingThatNoDriverWroteIsLeftAsItIs() {
    int size = 8;
    DriverQueue driver = DriverQueue.create(0, size, FEATURES, 0, heap, new Ledger());
    for (int slot = 0; slot < size; slot++) {
      memory
          .segment(0)
          .set(
              LittleEndian.SHORT,
              driver.addresses().desc()
                  - GuardedMemory.BASE
                  + PackedLayout.descriptor(slot)
                  + PackedLayout.DESC_FLAGS,
              (short) (slot % 2 == 0 ? PackedLayout.F_AVAIL : 0));
    }
    int said = PackedIndex.encoded(5, size) | PackedIndex.encoded(5, size) << 16;
    assertThat(recovered(driver, said)).isEqualTo(said);
  }
}
