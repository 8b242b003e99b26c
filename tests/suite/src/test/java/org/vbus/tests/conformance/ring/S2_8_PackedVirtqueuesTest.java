package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawPackedRing.AVAIL;
import static org.vbus.tests.fixture.RawPackedRing.INDIRECT;
import static org.vbus.tests.fixture.RawPackedRing.NEXT;
import static org.vbus.tests.fixture.RawPackedRing.USED;
import static org.vbus.tests.fixture.RawPackedRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;

/// Device half of packed virtqueues (2.8): descriptors, wrap counters, used descriptors.
class S2_8_PackedVirtqueuesTest {
  private static final long IN_ORDER = Feature.IN_ORDER.mask();

  /// A driver written from the text of 2.8.21 and 2.8.22, without regard to speed: it tracks the
  /// lists by id and skips as many descriptors as the id says.
  private static final class Driver {
    final PackedDeviceHalf half;
    final boolean inOrder;
    final SplittableRandom random;
    final int size;
    final int[] counts;
    final int[] writable;
    final ArrayDeque<Integer> ids = new ArrayDeque<>();

    /// Ids offered and not back, oldest first.
    final ArrayDeque<Integer> out = new ArrayDeque<>();

    int free;
    int nextUsed;
    boolean usedWrap = true;

    Driver(PackedDeviceHalf half, boolean inOrder, long seed) {
      this.half = half;
      this.inOrder = inOrder;
      this.random = new SplittableRandom(seed);
      this.size = half.ring.size();
      this.counts = new int[size];
      this.writable = new int[size];
      this.free = size;
      for (int i = 0; i < size; i++) {
        ids.add(i);
      }
    }

    /// Offers a list of 1 to 4 buffers, or a table of them; false when there is no room.
    boolean offer() {
      int count = 1 + random.nextInt(4);
      boolean indirect = random.nextInt(4) == 0 && count <= size;
      if (free < (indirect ? 1 : count) || ids.isEmpty()) {
        return false;
      }
      int id = ids.remove();
      int readable = random.nextInt(count + 1);
      writable[id] = 8 * (count - readable);
      counts[id] = indirect ? 1 : count;
      free -= counts[id];
      out.add(id);
      long buffer = half.buffers() + 64L * size * 16 + 64L * id;
      int at = half.nextAvail();
      boolean wrap = half.availWrap();
      if (indirect) {
        long table = half.buffers() + 64L * id;
        for (int i = 0; i < count; i++) {
          half.ring.desc(table, i, buffer + 8L * i, 8, 0xffff, i < readable ? 0 : WRITE);
        }
        half.offer(table, 16L * count, id, INDIRECT);
        return true;
      }
      int first = 0;
      for (int i = 0; i < count; i++) {
        int flags = (i < count - 1 ? NEXT : 0) | (i < readable ? 0 : WRITE);
        half.offer(buffer + 8L * i, 8, i == count - 1 ? id : 0xeeee, flags);
        if (i == 0) {
          first = half.ring.flags(at);
          half.ring.flags(at, RawPackedRing.used(!wrap));
        }
      }
      half.ring.flags(at, first);
      return true;
    }

    /// Takes one used descriptor; the ids it stands for.
    List<Integer> used() {
      int flags = half.ring.flags(nextUsed);
      boolean isUsed =
          ((flags & AVAIL) != 0) == usedWrap && ((flags & USED) != 0) == usedWrap && free < size;
      if (!isUsed) {
        return List.of();
      }

      int id = half.ring.id(nextUsed);
      long len = half.ring.len(nextUsed);
      List<Integer> back = new ArrayList<>();
      while (true) {
        int next = inOrder ? out.getFirst() : id;
        assertThat(out.remove(next)).as("id %d was offered", next).isTrue();
        back.add(next);
        free += counts[next];
        ids.add(next);
        nextUsed += counts[next];
        if (nextUsed >= size) {
          nextUsed -= size;
          usedWrap = !usedWrap;
        }
        if (next == id) {
          break;
        }
      }
      assertThat(len).isEqualTo(writable[id]);
      assertThat((flags & WRITE) != 0).isEqualTo(len != 0);
      return back;
    }
  }

  /// Lists and tables of all kinds, taken and completed in any order, over hundreds of rounds.
  @ParameterizedTest
  @CsvSource({
    "1, false", "2, false", "3, false", "5, false", "7, false", "8, false", "256, false",
    "1, true", "2, true", "3, true", "5, true", "7, true", "8, true", "256, true"
  })
  @Clause({"2.8.12-D1", "2.8.12-D2", "2.8.15-D2", "2.8.18-D1", "6.2-D5"})
  void eachListComesBackOnceWithItsIdAndLengthWhateverTheOrder(int size, boolean inOrder) {
    PackedDeviceHalf half = new PackedDeviceHalf(size, inOrder ? IN_ORDER : 0);
    Driver driver = new Driver(half, inOrder, size);
    SplittableRandom random = new SplittableRandom(99);
    List<Chain> held = new ArrayList<>();
    ArrayDeque<Chain> spare = new ArrayDeque<>();
    for (int i = 0; i < size; i++) {
      spare.add(new Chain());
    }
    ArrayDeque<Integer> expected = new ArrayDeque<>();
    ArrayDeque<Integer> taken = new ArrayDeque<>();
    int back = 0;
    for (int step = 0; step < 100_000; step++) {
      switch (random.nextInt(4)) {
        case 0 -> driver.offer();
        case 1 -> {
          Chain chain = spare.poll();
          if (chain != null) {
            boolean found = half.queue.peek(chain);
            assertThat(half.queue.fault()).isNull();
            assertThat(found).isEqualTo(driver.out.size() > taken.size() + expected.size());
            if (found) {
              half.queue.hold(chain);
              held.add(chain);
              taken.add(chain.head());
            } else {
              spare.push(chain);
            }
          }
        }
        case 2 -> {
          if (!held.isEmpty()) {
            Chain chain = held.remove(random.nextInt(held.size()));
            half.queue.complete(chain, chain.writable());
            if (!inOrder) {
              assertThat(taken.remove(chain.head())).isTrue();
              expected.add(chain.head());
            } else {
              release(taken, held, expected);
            }
            spare.push(chain);
          }
        }
        default -> {
          assertThat(driver.used()).as("not published").isEmpty();
          half.burst.publish();
          List<Integer> ids = driver.used();
          while (!ids.isEmpty()) {
            for (int id : ids) {
              assertThat(id).isEqualTo(expected.remove());
              back++;
            }
            ids = driver.used();
          }
          assertThat(expected).isEmpty();
          if (held.isEmpty() && random.nextInt(8) == 0) {
            half.restart();
          }
        }
      }
    }
    assertThat(back).isGreaterThan(3000);
    assertThat(half.memory.guardsIntact()).isTrue();
  }

  /// In order, a chain is back when all taken before it are complete.
  private static void release(
      ArrayDeque<Integer> taken, List<Chain> held, ArrayDeque<Integer> expected) {
    while (!taken.isEmpty() && held.stream().noneMatch(chain -> chain.head() == taken.getFirst())) {
      expected.add(taken.remove());
    }
  }

  /// Without IN_ORDER each list has a used descriptor; with it one stands for all that nobody needs
  /// the length of.
  @Test
  void inOrderOneUsedDescriptorStandsForABurstOfReadBuffers() {
    for (long features : new long[] {0, IN_ORDER}) {
      PackedDeviceHalf half = new PackedDeviceHalf(8, features);
      for (int i = 0; i < 5; i++) {
        half.offer(half.buffers(), 8, i, 0);
      }
      for (int i = 0; i < 5; i++) {
        assertThat(half.serve(0)).isTrue();
      }
      half.burst.publish();
      assertThat(half.ring.flags(0)).isEqualTo(AVAIL | USED);
      assertThat(half.ring.id(0)).isEqualTo(features == 0 ? 0 : 4);
      for (int i = 1; i < 5; i++) {
        assertThat(half.ring.flags(i)).isEqualTo(features == 0 ? AVAIL | USED : AVAIL);
        assertThat(half.ring.id(i)).isEqualTo(i);
      }
      // The next one goes behind all of them.
      half.offer(half.buffers(), 8, 0, 0);
      assertThat(half.serve(0)).isTrue();
      half.burst.publish();
      assertThat(half.ring.flags(5)).isEqualTo(AVAIL | USED);
      assertThat(half.queue.position()).isEqualTo(0x8006_8006);
    }
  }

  @Test
  void inOrderABufferWrittenInPartHasAUsedDescriptorOfItsOwn() {
    PackedDeviceHalf half = new PackedDeviceHalf(8, IN_ORDER);
    int[] written = {8, 8, 5, 0, 8};
    for (int i = 0; i < 5; i++) {
      half.offer(half.buffers() + 8L * i, 8, i, WRITE);
    }
    for (int each : written) {
      assertThat(half.serve(each)).isTrue();
    }
    half.burst.publish();
    assertThat(half.ring.flags(0)).isEqualTo(AVAIL | USED | WRITE);
    assertThat(half.ring.id(0)).isEqualTo(2);
    assertThat(half.ring.len(0)).isEqualTo(5);
    assertThat(half.ring.flags(3)).isEqualTo(AVAIL | USED);
    assertThat(half.ring.id(3)).isEqualTo(3);
    assertThat(half.ring.flags(4)).isEqualTo(AVAIL | USED | WRITE);
    assertThat(half.ring.id(4)).isEqualTo(4);
  }

  @Test
  void chainsPeekedAheadAreConsumedInOrderWhateverTheirLength() {
    PackedDeviceHalf half = new PackedDeviceHalf(256, 0);
    half.advance(200);
    for (int i = 0; i < 100; i++) {
      half.offer(half.buffers(), 4, 0, NEXT);
      if (i % 2 == 0) {
        half.offer(half.buffers(), 4, i, WRITE);
      } else {
        half.offer(half.buffers(), 4, 0, WRITE | NEXT);
        half.offer(half.buffers(), 4, i, WRITE);
      }
    }
    Chain[] chains = new Chain[100];
    for (int i = 0; i < 100; i++) {
      chains[i] = new Chain();
    }
    // The last first: lengths of those before are found out on the way.
    assertThat(half.queue.peek(chains[99], 99)).isTrue();
    assertThat(half.queue.peek(new Chain(), 100)).isFalse();
    for (int i = 0; i < 99; i++) {
      assertThat(half.queue.peek(chains[i], i)).isTrue();
    }
    assertThat(half.queue.available()).isEqualTo(100);
    for (int i = 0; i < 100; i++) {
      assertThat(chains[i].head()).isEqualTo(i);
      assertThat(chains[i].writable()).isEqualTo(i % 2 == 0 ? 4 : 8);
      half.queue.complete(chains[i], 4);
    }
    half.burst.publish();
    assertThat(half.queue.fault()).isNull();
    assertThat(half.queue.available()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  @Clause("2.8.12-D3")
  void aBurstBecomesVisibleWithTheFlagsOfItsFirstUsedDescriptor(int before) {
    PackedDeviceHalf half = new PackedDeviceHalf(5, 0);
    half.advance(before);
    for (int i = 0; i < 3; i++) {
      half.offer(half.buffers(), 4, i, WRITE);
    }
    int first = half.ring.flags(before);
    for (int i = 0; i < 3; i++) {
      assertThat(half.serve(4)).isTrue();
    }
    assertThat(half.ring.flags(before)).isEqualTo(first);
    half.burst.publish();
    for (int i = 0; i < 3; i++) {
      boolean wrap = before + i < 5;
      assertThat(half.ring.flags((before + i) % 5)).isEqualTo(RawPackedRing.used(wrap) | WRITE);
      assertThat(half.ring.id((before + i) % 5)).isEqualTo(i);
    }
  }

  @Test
  void aPositionThatCannotBeOpensNothing() {
    GuardedMemory memory = new GuardedMemory(1 << 16);
    RawPackedRing ring =
        RawPackedRing.place(memory.segment(0), GuardedMemory.BASE, GuardedMemory.BASE, 5);
    int[] good = {0x8000_8000, 0x0000_0000, 0x8004_8004, 0x0004_0004, 0x8000_0000, 0x8003_0003};
    int[] bad = {0x8000_8005, 0x8005_8000, 0x8000_7fff, 0xffff_ffff, 0x8000_0001, 0x8001_8000};
    for (int position : good) {
      assertThat(open(memory, ring, position)).as(Integer.toHexString(position)).isTrue();
    }
    for (int position : bad) {
      assertThat(open(memory, ring, position)).as(Integer.toHexString(position)).isFalse();
    }
  }

  private static boolean open(GuardedMemory memory, RawPackedRing ring, int position) {
    long features = Feature.RING_PACKED.mask();
    VirtQueue queue =
        VirtQueue.open(
            0,
            ring.addresses(),
            memory.memory(),
            features,
            position,
            new Ledger(),
            () -> true,
            broken -> {});
    assertThat(queue == null || queue.position() == position).isTrue();
    return queue != null;
  }

  @Test
  @Clause({"2.8.15-D1", "2.8.15-D3"})
  void theDeviceWritesNothingButUsedDescriptorsAndEachOnce() {
    PackedDeviceHalf half = new PackedDeviceHalf(5, 0);
    half.advance(3);
    half.offer(half.buffers(), 8, 0, NEXT);
    half.offer(half.buffers() + 8, 8, 1, WRITE);
    half.offer(half.buffers() + 16, 8, 2, 0);
    MemorySegment before = half.memory.copy(0);
    assertThat(half.serve(8)).isTrue();
    assertThat(half.serve(0)).isTrue();
    half.burst.publish();
    MemorySegment after = half.memory.copy(0);
    // The first descriptors of both chains, all but their addresses.
    for (int slot : new int[] {3, 0}) {
      before.asSlice(16L * slot + 8, 8).fill((byte) 0);
      after.asSlice(16L * slot + 8, 8).fill((byte) 0);
    }
    assertThat(after.mismatch(before)).isEqualTo(-1);
    // And never again, whatever comes later.
    half.queue.armKicks();
    half.queue.suppressKicks();
    int flags = half.ring.flags(3);
    half.ring.desc(3, 1, 2, 3, flags);
    half.burst.publish();
    assertThat(half.serve(0)).isFalse();
    assertThat(half.ring.len(3)).isEqualTo(2);
    assertThat(half.ring.id(3)).isEqualTo(3);
  }
}
