package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.RingFault;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;
import org.vbus.tests.fixture.RawRing;

/// A device that takes requests in bursts sees and tells what one does that takes them singly.
class BurstTest {
  private static final int MOST = 8;

  private final Chain[] chains = Stream.generate(Chain::new).limit(MOST).toArray(Chain[]::new);

  /// Two queues with the same driver: chains of all shapes, some of which the device holds, and of
  /// a burst it may leave any number for later.
  @ParameterizedTest
  @CsvSource({
    "SPLIT, 4, false", "SPLIT, 16, true", "SPLIT_IN_ORDER, 16, false", "SPLIT_IN_ORDER, 16, true",
    "PACKED, 5, false", "PACKED, 16, true", "PACKED_IN_ORDER, 16, false", "PACKED_IN_ORDER, 7, true"
  })
  void burstsAndSinglesAreTheSame(RingFormat format, int size, boolean indirect) {
    long features = format.bits() | (indirect ? Feature.INDIRECT_DESC.mask() : 0);
    BothHalves singles = new BothHalves(size, features, () -> {});
    BothHalves bursts = new BothHalves(size, features, () -> {});
    SplittableRandom random = new SplittableRandom(size);
    List<Chain> heldSingles = new ArrayList<>();
    List<Chain> heldBursts = new ArrayList<>();
    int[] written = new int[MOST];
    int token = 0;
    int taken = 0;
    for (int step = 0; step < 50_000; step++) {
      for (int n = random.nextInt(4); n > 0 && singles.driver.free() >= 2; n--) {
        int shape = random.nextInt(8);
        offer(singles, token % size, shape);
        offer(bursts, token++ % size, shape);
      }
      int found = bursts.device.peek(chains, 1 + random.nextInt(MOST));
      boolean hold = found > 0 && heldBursts.size() < size / 2 && random.nextInt(4) == 0;
      int use = hold ? 0 : random.nextInt(found + 1);
      for (int i = 0; i < use; i++) {
        assertThat(singles.device.peek(singles.chain)).isTrue();
        assertThat(describe(chains[i])).isEqualTo(describe(singles.chain));
        written[i] = random.nextInt(chains[i].writable() + 1);
        singles.device.complete(singles.chain, written[i]);
        taken++;
      }
      if (hold) {
        Chain one = new Chain();
        Chain other = new Chain();
        assertThat(singles.device.peek(one)).isTrue();
        assertThat(bursts.device.peek(other)).isTrue();
        singles.device.hold(one);
        bursts.device.hold(other);
        heldSingles.add(one);
        heldBursts.add(other);
      } else {
        bursts.device.complete(chains, use, written);
      }
      if (!heldBursts.isEmpty() && random.nextInt(3) == 0) {
        int which = random.nextInt(heldBursts.size());
        singles.device.complete(heldSingles.remove(which), 1);
        bursts.device.complete(heldBursts.remove(which), 1);
      }
      if (random.nextInt(3) == 0) {
        singles.burst.publish();
        bursts.burst.publish();
      }
      assertThat(bursts.device.position()).isEqualTo(singles.device.position());
      for (int next = singles.driver.nextUsed(); next >= 0; next = singles.driver.nextUsed()) {
        assertThat(bursts.driver.nextUsed()).isEqualTo(next);
        assertThat(bursts.driver.usedLength()).isEqualTo(singles.driver.usedLength());
      }
      assertThat(bursts.driver.nextUsed()).isNegative();
    }
    assertThat(taken).isGreaterThan(10_000);
    assertThat(singles.device.fault()).isNull();
    assertThat(bursts.device.fault()).isNull();
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

  @Test
  void aBurstEndsBeforeTheChainThatBreaksASplitQueue() {
    DeviceHalf half = new DeviceHalf(8, 0);
    for (int i = 0; i < 5; i++) {
      half.ring.desc(i, half.buffers(), i == 3 ? 0 : 8, RawRing.WRITE, 0);
      half.ring.offer(i);
    }
    assertThat(half.queue.peek(chains, MOST)).isEqualTo(3);
    assertThat(half.queue.fault()).isEqualTo(RingFault.ZERO_LENGTH);
    assertThat(half.queue.faultIndex()).isEqualTo(3);
    half.queue.complete(chains, 3, new int[] {1, 2, 3});
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isEqualTo(3);
    assertThat(half.ring.usedLen(2)).isEqualTo(3);
    assertThat(half.queue.peek(chains, MOST)).isZero();
  }

  @Test
  void aBurstEndsBeforeTheChainThatBreaksAPackedQueue() {
    PackedDeviceHalf half = new PackedDeviceHalf(new GuardedMemory(1 << 16), 8, 0);
    for (int i = 0; i < 5; i++) {
      half.ring.desc(
          i,
          half.buffers(),
          8,
          i == 3 ? 8 : i,
          RawPackedRing.available(true) | RawPackedRing.WRITE);
    }
    assertThat(half.queue.peek(chains, MOST)).isEqualTo(3);
    assertThat(half.queue.fault()).isEqualTo(RingFault.ID_OUT_OF_RANGE);
    assertThat(half.queue.faultIndex()).isEqualTo(3);
    half.queue.complete(chains, 3, new int[] {1, 2, 3});
    half.burst.publish();
    assertThat(half.ring.flags(2)).isEqualTo(RawPackedRing.used(true) | RawPackedRing.WRITE);
    assertThat(half.queue.peek(chains, MOST)).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"SPLIT", "PACKED"})
  void aChainIsTakenOnce(RingFormat format) {
    BothHalves both = new BothHalves(8, format.bits(), () -> {});
    for (int i = 0; i < 3; i++) {
      both.add(i);
    }
    boolean _ = both.driver.publish();
    assertThat(both.device.peek(chains, MOST)).isEqualTo(3);
    both.device.complete(chains, 2, new int[MOST]);
    assertThatIllegalStateException()
        .isThrownBy(() -> both.device.complete(chains, 1, new int[MOST]));
    assertThat(both.device.peek(chains, MOST)).isOne();
    assertThat(Arrays.stream(chains).map(Chain::writable).limit(1)).containsExactly(8);
  }
}
