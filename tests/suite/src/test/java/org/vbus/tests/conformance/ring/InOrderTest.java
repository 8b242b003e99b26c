package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.Chain;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.RawRing;

/// In-order use of buffers (2.7.9, 2.8.8).
class InOrderTest {
  private static final long IN_ORDER = Feature.IN_ORDER.mask();

  /// The device completes held chains as it likes.
  @ParameterizedTest
  @CsvSource({
    "SPLIT_IN_ORDER, 1", "SPLIT_IN_ORDER, 4", "SPLIT_IN_ORDER, 64",
    "PACKED_IN_ORDER, 1", "PACKED_IN_ORDER, 3", "PACKED_IN_ORDER, 64"
  })
  @Clause("6.2-D5")
  void chainsComeBackInTheOrderInWhichTheyWereOffered(RingFormat format, int size) {
    BothHalves both = new BothHalves(size, format.bits(), () -> {});
    SplittableRandom random = new SplittableRandom(size);
    List<Chain> held = new ArrayList<>();
    ArrayDeque<Integer> out = new ArrayDeque<>();
    int token = 0;
    int back = 0;
    for (int step = 0; step < 50_000; step++) {
      if (both.driver.free() > 0 && random.nextInt(2) == 0) {
        both.add(token % size);
        out.add(token++ % size);
        boolean _ = both.driver.publish();
      }
      Chain chain = new Chain();
      if (random.nextInt(2) == 0 && both.device.peek(chain)) {
        both.device.hold(chain);
        held.add(chain);
      }
      if (!held.isEmpty() && random.nextInt(2) == 0) {
        Chain done = held.remove(random.nextInt(held.size()));
        both.device.complete(done, random.nextInt(9));
        both.burst.publish();
      }
      for (int next = both.driver.nextUsed(); next >= 0; next = both.driver.nextUsed()) {
        assertThat(next).isEqualTo(out.remove());
        back++;
      }
    }
    while (!held.isEmpty()) {
      both.device.complete(held.removeFirst(), 8);
    }
    both.burst.publish();
    while (both.driver.nextUsed() >= 0) {
      back++;
    }
    assertThat(back).isGreaterThan(2_000);
    assertThat(both.driver.idle()).isEqualTo(both.device.available() == 0);
  }

  @Test
  void theSplitDeviceTellsEachLength() {
    DeviceHalf half = new DeviceHalf(4, IN_ORDER);
    Chain[] held = {new Chain(), new Chain(), new Chain()};
    for (int i = 0; i < 3; i++) {
      half.ring.desc(i, half.buffers(), 8, RawRing.WRITE, 0);
      half.ring.offer(i);
      assertThat(half.queue.peek(held[i])).isTrue();
      half.queue.hold(held[i]);
    }
    half.queue.complete(held[2], 3);
    half.queue.complete(held[1], 2);
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isZero();
    half.queue.complete(held[0], 1);
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(half.ring.usedId(i)).isEqualTo(i);
      assertThat(half.ring.usedLen(i)).isEqualTo(i + 1);
    }
    assertThat(half.signals()).isOne();
  }

  /// Lists of all lengths, returned in batches: the table is used in the order of its entries.
  @Test
  @Clause("2.7.5.2-R2")
  void theDriverUsesTheDescriptorTableInRingOrder() {
    int size = 8;
    DriverHalf half = new DriverHalf(size, IN_ORDER, 0);
    SplittableRandom random = new SplittableRandom(1);
    ArrayDeque<int[]> out = new ArrayDeque<>();
    int expected = 0;
    int seen = 0;
    for (int i = 0; i < 10_000; i++) {
      int count = 1 + random.nextInt(Math.min(4, half.queue.free()));
      half.queue.begin();
      for (int n = 0; n < count; n++) {
        half.queue.in(DriverHalf.BASE + n, 8);
      }
      half.queue.commit(i);
      boolean _ = half.queue.publish();
      int head = half.ring.availElement(seen++);
      assertThat(head).isEqualTo(expected);
      for (int n = 0; n < count; n++) {
        int at = (expected + n) % size;
        assertThat(half.ring.descAddr(half.ring.addresses().desc(), at))
            .isEqualTo(DriverHalf.BASE + n);
        boolean more = n < count - 1;
        assertThat(half.ring.descFlags(half.ring.addresses().desc(), at) & NEXT)
            .isEqualTo(more ? NEXT : 0);
        if (more) {
          assertThat(half.ring.descNext(half.ring.addresses().desc(), at))
              .isEqualTo((at + 1) % size);
        }
      }
      expected = (expected + count) % size;
      out.add(new int[] {i, head, 8 * count});
      if (half.queue.free() == 0 || random.nextInt(3) == 0) {
        takeBatch(half, out, 1 + random.nextInt(out.size()));
      }
    }
  }

  /// One used element for `batch` chains, the last of which is written in part.
  private static void takeBatch(DriverHalf half, ArrayDeque<int[]> out, int batch) {
    int idx = half.ring.usedIdx();
    int[] last = out.stream().skip(batch - 1).findFirst().orElseThrow();
    half.ring.use(last[1], 5);
    half.ring.usedIdx(idx + batch);
    for (int i = 0; i < batch; i++) {
      int[] next = out.remove();
      assertThat(half.queue.hasUsed()).isTrue();
      assertThat(half.queue.nextUsed()).isEqualTo(next[0]);
      assertThat(half.queue.usedLength()).isEqualTo(i == batch - 1 ? 5 : next[2]);
    }
    assertThat(half.queue.nextUsed()).isEqualTo(-1);
  }

  @Test
  @Clause("2.7.5.3.1-R5")
  void theDriverUsesIndirectTablesInTheOrderOfTheirEntries() {
    DriverHalf half = new DriverHalf(4, IN_ORDER | Feature.INDIRECT_DESC.mask(), 4);
    for (int i = 0; i < 100; i++) {
      half.queue.begin();
      for (int n = 0; n < 4; n++) {
        half.queue.in(DriverHalf.BASE, 1);
      }
      half.queue.commit(i);
      boolean _ = half.queue.publish();
      int head = half.ring.availElement(i);
      assertThat(head).isEqualTo(i % 4);
      long own = half.ring.addresses().desc();
      assertThat(half.ring.descFlags(own, head)).isEqualTo(INDIRECT);
      long table = half.ring.descAddr(own, head);
      for (int n = 0; n < 3; n++) {
        assertThat(half.ring.descNext(table, n)).isEqualTo(n + 1);
      }
      half.ring.use(head, 4);
      assertThat(half.queue.nextUsed()).isEqualTo(i);
    }
  }
}
