package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.SplitLayout;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;

class S2_7_05_DescriptorTableTest {
  private static final long INDIRECT_DESC = Feature.INDIRECT_DESC.mask();

  @Test
  @Clause("2.7.5.1-D1")
  void readingEndsWhereTheWritablePartBeginsAndWritingBeginsThere() {
    DeviceHalf half = new DeviceHalf(4, 0);
    long at = half.buffers();
    // Neighbours in memory: only the descriptors keep them apart.
    half.ring.desc(0, at, 4, NEXT, 1).desc(1, at + 4, 4, WRITE, 0);
    for (int i = 0; i < 12; i++) {
      half.memory.set(at + i, 0x40 + i);
    }
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    MemorySegment copy = MemorySegment.ofArray(new byte[16]);
    assertThat(half.chain.read(0, copy, 0, 16)).isEqualTo(4);
    assertThat(copy.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
        .startsWith(0x40, 0x41, 0x42, 0x43)
        .endsWith(new byte[12]);
    assertThat(half.chain.write(0, MemorySegment.ofArray(new byte[16]), 0, 16)).isEqualTo(4);
    for (int i = 0; i < 12; i++) {
      assertThat(half.memory.get(at + i)).isEqualTo(i >= 4 && i < 8 ? 0 : 0x40 + i);
    }
  }

  @Test
  @Clause("2.7.5.1-D2")
  void theDeviceNeverWritesToDescriptorTables() {
    int size = 8;
    DeviceHalf half = new DeviceHalf(size, INDIRECT_DESC);
    long table = half.buffers();
    long data = table + 4096;
    half.ring.desc(0, data, 8, NEXT | 0xfff8, 1).desc(1, data + 8, 8, WRITE, 0xbeef);
    half.ring.desc(2, table, 32, INDIRECT | WRITE, 0xdead);
    half.ring.desc(table, 0, data, 8, NEXT, 1).desc(table, 1, data + 8, 8, WRITE, 7);
    half.ring.desc(3, 0x123456789abcdefL, 0x55555555, 0xffff, 0xffff);
    MemorySegment before = half.memory.copy(0);
    for (int i = 0; i < 100_000; i++) {
      half.ring.offer(i % 3 == 0 ? 2 : 0);
      if (i % 5 == 0) {
        half.queue.suppressKicks();
        assertThat(half.queue.armKicks()).isTrue();
      }
      assertThat(half.serve(8)).isTrue();
      half.burst.publish();
    }
    assertThat(half.ring.usedIdx()).isEqualTo(100_000 & 0xffff);
    int tableBytes = SplitLayout.descBytes(size);
    long off = table - 0x4000_0000L;
    assertThat(MemorySegment.mismatch(before, 0, tableBytes, half.memory.segment(0), 0, tableBytes))
        .isEqualTo(-1);
    assertThat(MemorySegment.mismatch(before, off, off + 32, half.memory.segment(0), off, off + 32))
        .isEqualTo(-1);
  }

  /// A chain the device has.
  private record Offered(int head, int token) {}

  /// Chains of random length in random order of return, so that the free list is well shuffled.
  @ParameterizedTest
  @CsvSource({"8, 0", "256, 0", "8, 3", "256, 16"})
  @Clause({"2.7.5.2-R1", "2.7.5.3.1-R2", "2.7.5.3.1-R4", "6.1-R4"})
  void everyChainOfTheDriverListsExactlyItsBuffersOnce(int size, int indirectEntries) {
    DriverHalf half = new DriverHalf(size, INDIRECT_DESC, indirectEntries);
    Random random = new Random(1);
    int token = 0;
    List<Offered> offered = new ArrayList<>();
    for (int round = 0; round < 20_000; round++) {
      int longest = indirectEntries > 0 ? indirectEntries : half.queue.free();
      if (half.queue.free() > 0 && random.nextInt(3) > 0) {
        List<DriverChains.Buffer> buffers = new ArrayList<>();
        int n = 1 + random.nextInt(Math.min(longest, 5));
        int readable = random.nextInt(n + 1);
        half.queue.begin();
        for (int i = 0; i < n; i++) {
          long gpa = random.nextLong() >>> 1;
          int len = 1 + random.nextInt(Integer.MAX_VALUE - 1);
          buffers.add(new DriverChains.Buffer(gpa, len, i >= readable));
          if (i < readable) {
            half.queue.out(gpa, len);
          } else {
            half.queue.in(gpa, len);
          }
        }
        half.queue.commit(token);
        boolean _ = half.queue.publish();
        int idx = half.ring.availIdx() - 1;
        assertThat(DriverChains.chain(half.ring, idx)).isEqualTo(buffers);
        offered.add(new Offered(half.ring.availElement(idx), token++));
      } else if (!offered.isEmpty()) {
        Offered back = offered.remove(random.nextInt(offered.size()));
        half.ring.use(back.head(), 0);
        assertThat(half.queue.nextUsed()).isEqualTo(back.token());
      }
    }
    while (!offered.isEmpty()) {
      half.ring.use(offered.removeLast().head(), 0);
      assertThat(half.queue.nextUsed()).isNotNegative();
    }
    assertThat(half.queue.idle()).isTrue();
  }

  @Test
  @Clause("2.7.5.3.1-R1")
  void theDriverUsesIndirectTablesOnlyWhenNegotiated() {
    for (long features : new long[] {0, Feature.EVENT_IDX.mask(), Feature.VERSION_1.mask()}) {
      DriverHalf half = new DriverHalf(8, features, 4);
      half.queue.begin();
      half.queue.out(DriverHalf.BASE, 1);
      half.queue.in(DriverHalf.BASE, 1);
      half.queue.commit(0);
      boolean _ = half.queue.publish();
      int head = half.ring.availElement(0);
      long table = half.ring.addresses().desc();
      assertThat(half.ring.descFlags(table, head)).isEqualTo(NEXT);
      assertThat(half.ring.descFlags(table, half.ring.descNext(table, head))).isEqualTo(WRITE);
    }
    DriverHalf half = new DriverHalf(8, INDIRECT_DESC, 4);
    half.add(0);
    assertThat(half.ring.descFlags(half.ring.addresses().desc(), half.ring.availElement(0)))
        .isEqualTo(INDIRECT);
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1", "4, 0, 4", "4, 2, 2", "4, 100, 4", "1, 100, 1"})
  @Clause("2.7.5.3.1-R3")
  void theDriverRefusesAChainLongerThanTheQueue(int size, int indirectEntries, int longest) {
    DriverHalf half = new DriverHalf(size, INDIRECT_DESC, indirectEntries);
    half.queue.begin();
    for (int i = 0; i < longest; i++) {
      half.queue.out(DriverHalf.BASE, 1);
    }
    assertThatIllegalStateException().isThrownBy(() -> half.queue.out(DriverHalf.BASE, 1));
    assertThatIllegalStateException().isThrownBy(() -> half.queue.in(DriverHalf.BASE, 1));
    half.queue.commit(7);
    boolean _ = half.queue.publish();
    assertThat(DriverChains.chain(half.ring, 0)).hasSize(longest);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  @Clause("2.7.5.3.1-R3")
  void aFullQueueTakesNoFurtherChain(int indirectEntries) {
    DriverHalf half = new DriverHalf(4, INDIRECT_DESC, indirectEntries);
    for (int i = 0; i < 4; i++) {
      half.add(i);
    }
    assertThat(half.queue.free()).isZero();
    half.queue.begin();
    assertThatIllegalStateException().isThrownBy(() -> half.queue.out(DriverHalf.BASE, 1));
    assertThatIllegalStateException().isThrownBy(() -> half.queue.commit(0));
    boolean _ = half.queue.publish();
    assertThat(half.ring.availIdx()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, WRITE})
  @Clause("2.7.5.3.2-D1")
  void theWriteFlagOfADescriptorThatNamesATableMeansNothing(int flag) {
    DeviceHalf half = new DeviceHalf(8, INDIRECT_DESC);
    long table = half.buffers();
    half.ring.desc(0, table, 48, INDIRECT | flag, 0);
    half.ring.desc(table, 0, table + 1000, 10, NEXT, 2);
    half.ring.desc(table, 2, table + 2000, 20, NEXT | WRITE, 1);
    half.ring.desc(table, 1, table + 3000, 30, WRITE, 0);
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    assertThat(half.chain.readable()).isEqualTo(10);
    assertThat(half.chain.writable()).isEqualTo(50);
    assertThat(half.chain.pieces()).isEqualTo(3);
    assertThat(half.chain.offset(1)).isEqualTo(table + 2000 - 0x4000_0000L);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7})
  @Clause("2.7.5.3.2-D2")
  void directDescriptorsMayBeFollowedByOneTable(int direct) {
    DeviceHalf half = new DeviceHalf(8, INDIRECT_DESC);
    long table = half.buffers();
    for (int i = 0; i < direct; i++) {
      // From the end of the table to its start, to be sure that next is followed.
      half.ring.desc(7 - i, table + 1000 + 100L * i, i + 1, NEXT, 6 - i);
    }
    int left = 8 - direct;
    half.ring.desc(7 - direct, table, 16L * left, INDIRECT, 0);
    for (int i = 0; i < left; i++) {
      half.ring.desc(
          table, i, table + 5000 + 100L * i, 50, WRITE | (i < left - 1 ? NEXT : 0), i + 1);
    }
    half.ring.offer(7);
    assertThat(half.queue.peek(half.chain)).isTrue();
    assertThat(half.chain.head()).isEqualTo(7);
    assertThat(half.chain.readablePieces()).isEqualTo(direct);
    assertThat(half.chain.readable()).isEqualTo(direct * (direct + 1) / 2);
    assertThat(half.chain.writable()).isEqualTo(50 * left);
  }
}
