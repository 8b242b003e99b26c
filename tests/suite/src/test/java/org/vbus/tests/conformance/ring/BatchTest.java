package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.Batch;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.RingFault;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;
import org.vbus.tests.fixture.RawRing;

/// A device that takes requests in batches sees and tells what one does that takes them singly.
class BatchTest {
  private static final int MOST = 8;

  private final Batch batch = new Batch(MOST);

  /// Two queues with the same driver: chains of all shapes, some of which the device holds. A batch
  /// ends before the first chain that is not one buffer of the direction asked for, and the device
  /// may leave any number of it for later.
  @ParameterizedTest
  @CsvSource({
    "SPLIT, 4, false", "SPLIT, 16, true", "SPLIT_IN_ORDER, 16, false", "SPLIT_IN_ORDER, 16, true",
    "PACKED, 5, false", "PACKED, 16, true", "PACKED_IN_ORDER, 16, false", "PACKED_IN_ORDER, 7, true"
  })
  void batchesAndSinglesAreTheSame(RingFormat format, int size, boolean indirect) {
    long features = format.bits() | (indirect ? Feature.INDIRECT_DESC.mask() : 0);
    BothHalves singles = new BothHalves(size, features, () -> {});
    BothHalves batches = new BothHalves(size, features, () -> {});
    SplittableRandom random = new SplittableRandom(size);
    List<Chain> heldSingles = new ArrayList<>();
    List<Chain> heldBatches = new ArrayList<>();
    int token = 0;
    int together = 0;
    int alone = 0;
    for (int step = 0; step < 50_000; step++) {
      for (int n = random.nextInt(6); n > 0 && singles.driver.free() >= 2; n--) {
        int shape = random.nextInt(24);
        offer(singles, token % size, shape);
        offer(batches, token++ % size, shape);
      }
      boolean writable = random.nextInt(4) > 0;
      int found = batches.device.peek(batch, 1 + random.nextInt(2 * MOST), writable);
      assertThat(found).isBetween(0, MOST);
      int use = random.nextInt(found + 1);
      for (int i = 0; i < use; i++) {
        Chain chain = singles.chain;
        assertThat(singles.device.peek(chain)).isTrue();
        assertThat(chain.pieces()).isOne();
        assertThat(chain.writable() > 0).isEqualTo(writable);
        assertThat(batch.offset(i)).isEqualTo(chain.offset(0));
        assertThat(batch.length(i)).isEqualTo(chain.length(0));
        int written = random.nextInt(chain.writable() + 1);
        batch.written(i, written);
        singles.device.complete(chain, written);
      }
      batches.device.complete(batch, use);
      together += use;
      if (found == 0 && batches.device.peek(batches.chain)) {
        assertThat(singles.device.peek(singles.chain)).isTrue();
        assertThat(describe(batches.chain)).isEqualTo(describe(singles.chain));
        if (heldBatches.size() < size / 2 && random.nextInt(4) == 0) {
          hold(singles, heldSingles);
          hold(batches, heldBatches);
        } else {
          singles.device.complete(singles.chain, 0);
          batches.device.complete(batches.chain, 0);
          alone++;
        }
      }
      if (!heldBatches.isEmpty() && random.nextInt(3) == 0) {
        int which = random.nextInt(heldBatches.size());
        singles.device.complete(heldSingles.remove(which), 1);
        batches.device.complete(heldBatches.remove(which), 1);
      }
      if (random.nextInt(3) == 0) {
        singles.burst.publish();
        batches.burst.publish();
      }
      assertThat(batches.device.position()).isEqualTo(singles.device.position());
      for (int next = singles.driver.nextUsed(); next >= 0; next = singles.driver.nextUsed()) {
        assertThat(batches.driver.nextUsed()).isEqualTo(next);
        assertThat(batches.driver.usedLength()).isEqualTo(singles.driver.usedLength());
      }
      assertThat(batches.driver.nextUsed()).isNegative();
    }
    // This driver puts every chain into a table, if it may.
    assertThat(together).isBetween(indirect ? 0 : 5_000, indirect ? 0 : Integer.MAX_VALUE);
    assertThat(alone).isGreaterThan(5_000);
    assertThat(singles.device.fault()).isNull();
    assertThat(batches.device.fault()).isNull();
  }

  private static void hold(BothHalves both, List<Chain> held) {
    Chain chain = new Chain();
    assertThat(both.device.peek(chain)).isTrue();
    both.device.hold(chain);
    held.add(chain);
  }

  private static void offer(BothHalves both, int token, int shape) {
    long gpa = both.heap.gpa(both.buffers + 8L * token);
    both.driver.begin();
    switch (shape) {
      case 0 -> {
        both.driver.out(gpa, 3);
        both.driver.in(gpa + 3, 5);
      }
      case 1 -> {
        both.driver.out(gpa, 4);
        both.driver.out(gpa + 4, 4);
      }
      case 2, 3, 4 -> both.driver.out(gpa, shape);
      default -> both.driver.in(gpa, shape);
    }
    both.driver.commit(token);
    boolean _ = both.driver.publish();
  }

  private static List<Object> describe(Chain chain) {
    List<Object> all = new ArrayList<>(List.of(chain.head(), chain.readable(), chain.writable()));
    for (int i = 0; i < chain.pieces(); i++) {
      all.add(i < chain.readablePieces());
      all.add(chain.offset(i));
      all.add(chain.length(i));
    }
    return all;
  }

  /// What breaks a queue is found by who looks at it alone.
  @Test
  void aBatchEndsBeforeTheChainThatBreaksASplitQueue() {
    DeviceHalf half = new DeviceHalf(8, 0);
    for (int i = 0; i < 5; i++) {
      half.ring.desc(i, half.buffers(), i == 3 ? 0 : 8, RawRing.WRITE, 0);
      half.ring.offer(i);
    }
    assertThat(half.queue.peek(batch, MOST, true)).isEqualTo(3);
    assertThat(half.queue.fault()).isNull();
    for (int i = 0; i < 3; i++) {
      batch.written(i, i + 1);
    }
    half.queue.complete(batch, 3);
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isEqualTo(3);
    assertThat(half.ring.usedLen(2)).isEqualTo(3);
    assertThat(half.queue.peek(batch, MOST, true)).isZero();
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.ZERO_LENGTH);
    assertThat(half.queue.faultIndex()).isEqualTo(3);
  }

  @Test
  void aBatchEndsBeforeTheChainThatBreaksAPackedQueue() {
    PackedDeviceHalf half = new PackedDeviceHalf(new GuardedMemory(1 << 16), 8, 0);
    for (int i = 0; i < 5; i++) {
      half.ring.desc(
          i,
          half.buffers(),
          8,
          i == 3 ? 8 : i,
          RawPackedRing.available(true) | RawPackedRing.WRITE);
    }
    assertThat(half.queue.peek(batch, MOST, true)).isEqualTo(3);
    half.queue.complete(batch, 3);
    half.burst.publish();
    assertThat(half.ring.flags(2)).isEqualTo(RawPackedRing.used(true));
    assertThat(half.queue.peek(batch, MOST, true)).isZero();
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.ID_OUT_OF_RANGE);
    assertThat(half.queue.faultIndex()).isEqualTo(3);
  }

  /// One descriptor too many: the ring is full of what the device holds.
  @Test
  void aFullPackedRingHasNoMore() {
    PackedDeviceHalf half = new PackedDeviceHalf(new GuardedMemory(1 << 16), 2, 0);
    for (int i = 0; i < 2; i++) {
      half.ring.desc(i, half.buffers(), 8, i, RawPackedRing.available(true) | RawPackedRing.WRITE);
      assertThat(half.queue.peek(half.chain)).isTrue();
      half.queue.hold(half.chain);
      half.ring.desc(i, half.buffers(), 8, i, RawPackedRing.available(false) | RawPackedRing.WRITE);
    }
    assertThat(half.queue.peek(batch, MOST, true)).isZero();
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.RING_OVERRUN);
  }

  @ParameterizedTest
  @EnumSource(names = {"SPLIT", "PACKED"})
  void aBatchIsTakenOnce(RingFormat format) {
    BothHalves both = new BothHalves(8, format.bits(), () -> {});
    for (int i = 0; i < 3; i++) {
      both.add(i);
    }
    boolean _ = both.driver.publish();
    assertThat(both.device.peek(batch, MOST, true)).isEqualTo(3);
    both.device.complete(batch, 2);
    assertThatIllegalStateException().isThrownBy(() -> both.device.complete(batch, 1));
    assertThat(both.device.peek(batch, MOST, true)).isOne();
    assertThat(batch.length(0)).isEqualTo(8);
  }

  /// While somebody logs what is written, the buffers of a batch are told, too.
  @ParameterizedTest
  @EnumSource
  void whatABatchWritesIsLogged(RingFormat format) {
    BothHalves both = new BothHalves(8, format.bits(), () -> {});
    for (int i = 0; i < 3; i++) {
      both.add(i);
    }
    boolean _ = both.driver.publish();
    List<String> told = new ArrayList<>();
    both.device.logWrites((gpa, len) -> told.add(gpa + "+" + len), -1);
    assertThat(both.device.peek(batch, MOST, true)).isEqualTo(3);
    batch.written(0, 8);
    batch.written(1, 5);
    both.device.complete(batch, 3);
    assertThat(told)
        .containsExactly(
            both.heap.gpa(both.buffers) + "+8", both.heap.gpa(both.buffers + 8) + "+5");
  }
}
