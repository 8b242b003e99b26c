package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.tests.fixture.RawPackedRing.AVAIL;
import static org.vbus.tests.fixture.RawPackedRing.INDIRECT;
import static org.vbus.tests.fixture.RawPackedRing.NEXT;
import static org.vbus.tests.fixture.RawPackedRing.USED;
import static org.vbus.tests.fixture.RawPackedRing.WRITE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.RawPackedRing;

/// Driver half of packed virtqueues (2.8) against a device written from the text of the standard.
class S2_8_PackedDriverTest {
  private static final long BASE = 0x1_0000_0040L;

  /// One buffer of a chain.
  private record Buffer(long gpa, int len, boolean write) {}

  /// A chain as the device found it.
  private record Seen(int id, int descriptors, List<Buffer> buffers) {}

  private static final class Guest {
    final MemorySegment memory = Arena.ofAuto().allocate(4L << 20, 4096);
    final GuestHeap heap = new GuestHeap(memory, BASE);
    final DriverQueue queue;
    final RawPackedRing ring;

    Guest(int size, long features, int indirectEntries) {
      memory.fill((byte) 0xff);
      queue =
          DriverQueue.create(
              0, size, features | Feature.RING_PACKED.mask(), indirectEntries, heap, new Ledger());
      ring = RawPackedRing.over(memory, BASE, queue.addresses());
    }
  }

  /// A device that follows the text, descriptor by descriptor.
  private static final class Device {
    final RawPackedRing ring;
    int next;
    boolean wrap = true;
    int used;
    boolean usedWrap = true;

    Device(RawPackedRing ring) {
      this.ring = ring;
    }

    private boolean available() {
      int flags = ring.flags(next);
      return ((flags & AVAIL) != 0) == wrap && ((flags & USED) != 0) != wrap;
    }

    /// The next chain, or null.
    Seen take() {
      if (!available()) {
        return null;
      }
      List<Buffer> buffers = new ArrayList<>();
      int count = 0;
      int flags;
      int id;
      do {
        assertThat(available()).as("the list is complete").isTrue();
        flags = ring.flags(next);
        id = ring.id(next);
        long gpa = ring.addr(ring.addresses().desc(), next);
        long len = ring.len(next);
        if ((flags & INDIRECT) != 0) {
          assertThat(flags & NEXT).isZero();
          assertThat(count).isZero();
          for (int i = 0; i < len / 16; i++) {
            int inner = ring.flags(gpa, i);
            assertThat(inner & ~WRITE).isZero();
            buffers.add(
                new Buffer(ring.addr(gpa, i), (int) ring.len(gpa, i), (inner & WRITE) != 0));
          }
        } else {
          buffers.add(new Buffer(gpa, (int) len, (flags & WRITE) != 0));
        }
        count++;
        next++;
        if (next == ring.size()) {
          next = 0;
          wrap = !wrap;
        }
      } while ((flags & NEXT) != 0);
      return new Seen(id, count, buffers);
    }

    /// Writes a used descriptor that stands for `descriptors` of them.
    void use(int id, int len, int descriptors) {
      int flags = RawPackedRing.used(usedWrap) | (len != 0 ? WRITE : 0);
      ring.desc(used, 0xdeadL, len == 0 ? 0x7777 : len, id, flags);
      used += descriptors;
      if (used >= ring.size()) {
        used -= ring.size();
        usedWrap = !usedWrap;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, false", "2, 0, false", "3, 0, false", "5, 0, false", "8, 0, false", "256, 0, false",
    "1, 0, true", "2, 0, true", "3, 0, true", "5, 0, true", "8, 0, true", "256, 0, true",
    "1, 1, false", "3, 3, false", "8, 4, false", "5, 4, true", "256, 4, true"
  })
  @Clause({
    "2.8.16-R1",
    "2.8.16-R2",
    "2.8.17-R1",
    "2.8.17-R2",
    "2.8.17-R3",
    "2.8.17-R4",
    "2.8.17-R5",
    "2.8.17-R6",
    "2.8.19-R1",
    "2.8.19-R2",
    "2.8.19-R3",
    "2.8.19-R4",
    "2.8.21.1.1-R1"
  })
  void everyChainIsWhatWasBuiltAndComesBackOnceWithItsTokenAndLength(
      int size, int indirect, boolean inOrder) {
    long features =
        (indirect > 0 ? Feature.INDIRECT_DESC.mask() : 0) | (inOrder ? Feature.IN_ORDER.mask() : 0);
    Guest guest = new Guest(size, features, indirect == 0 ? 4 : indirect);
    Device device = new Device(guest.ring);
    SplittableRandom random = new SplittableRandom(size * 31L + indirect);
    ArrayDeque<List<Buffer>> committed = new ArrayDeque<>();
    ArrayDeque<Integer> tokens = new ArrayDeque<>();
    List<Seen> out = new ArrayList<>();
    List<Integer> outTokens = new ArrayList<>();
    ArrayDeque<int[]> returned = new ArrayDeque<>();
    int published = 0;
    int token = 0;
    int back = 0;
    for (int step = 0; step < 60_000; step++) {
      switch (random.nextInt(4)) {
        case 0 -> {
          int most = indirect > 0 ? Math.min(indirect, size) : guest.queue.free();
          if (guest.queue.free() > 0) {
            committed.add(build(guest.queue, random, 1 + random.nextInt(Math.min(4, most))));
            tokens.add(token);
            guest.queue.commit(token++ & 0x7fff_ffff);
          }
        }
        case 1 -> {
          boolean _ = guest.queue.publish();
          published = committed.size();
        }
        case 2 -> {
          Seen seen = device.take();
          assertThat(seen != null).isEqualTo(published > 0);
          if (seen != null) {
            published--;
            assertThat(seen.buffers()).isEqualTo(committed.remove());
            assertThat(seen.descriptors()).isEqualTo(indirect > 0 ? 1 : seen.buffers().size());
            assertThat(seen.id()).isLessThan(size);
            assertThat(out.stream().mapToInt(Seen::id)).doesNotContain(seen.id());
            out.add(seen);
            outTokens.add(tokens.remove());
          }
        }
        default -> {
          while (!out.isEmpty() && random.nextInt(3) != 0) {
            giveBack(device, out, outTokens, random, inOrder, returned);
          }
          while (!returned.isEmpty()) {
            int[] expected = returned.remove();
            assertThat(guest.queue.hasUsed()).isTrue();
            assertThat(guest.queue.nextUsed()).isEqualTo(expected[0]);
            assertThat(guest.queue.usedLength()).isEqualTo(expected[1]);
            back++;
          }
          assertThat(guest.queue.nextUsed()).isEqualTo(-1);
        }
      }
    }
    assertThat(back).isGreaterThan(3_000);
  }

  private static List<Buffer> build(DriverQueue queue, SplittableRandom random, int count) {
    int readable = random.nextInt(count + 1);
    List<Buffer> buffers = new ArrayList<>();
    queue.begin();
    for (int i = 0; i < count; i++) {
      Buffer buffer =
          new Buffer(random.nextLong() >>> 1, 1 + random.nextInt(1 << 20), i >= readable);
      buffers.add(buffer);
      if (buffer.write()) {
        queue.in(buffer.gpa(), buffer.len());
      } else {
        queue.out(buffer.gpa(), buffer.len());
      }
    }
    return buffers;
  }

  private static int room(Seen seen) {
    return seen.buffers().stream().filter(Buffer::write).mapToInt(Buffer::len).sum();
  }

  /// Returns some chain, or in order the first ones as a batch whose last is not written wholly.
  private static void giveBack(
      Device device,
      List<Seen> out,
      List<Integer> tokens,
      SplittableRandom random,
      boolean inOrder,
      ArrayDeque<int[]> returned) {
    int first = inOrder ? 0 : random.nextInt(out.size());
    int batch = inOrder ? 1 + random.nextInt(out.size()) : 1;
    int descriptors = 0;
    for (int i = 0; i < batch; i++) {
      Seen seen = out.remove(first);
      descriptors += seen.descriptors();
      int room = room(seen);
      boolean last = i == batch - 1;
      int len = last && room > 0 ? random.nextInt(room) : room;
      returned.add(new int[] {tokens.get(first), len});
      tokens.subList(first, first + 1).clear();
      if (last) {
        device.use(seen.id(), len, descriptors);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 17, 256, 32768})
  @Clause("2.8.11-R1")
  void allPartsAreAlignedApartAndZero(int size) {
    Guest guest = new Guest(size, 0, 0);
    var at = guest.queue.addresses();
    assertThat(at.desc() % 16).isZero();
    assertThat(at.avail() % 4).isZero();
    assertThat(at.used() % 4).isZero();
    assertThat(at.desc() + 16L * size).isLessThanOrEqualTo(at.avail());
    assertThat(at.avail() + 4).isLessThanOrEqualTo(at.used());
    for (long off = at.desc() - BASE; off < at.used() - BASE + 4; off++) {
      assertThat(guest.memory.get(ValueLayout.JAVA_BYTE, off)).isZero();
    }
    guest.queue.release();
    assertThat(guest.heap.inUse()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 32769})
  void anIllegalSizeIsRefused(int size) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Guest(size, 0, 0));
  }

  @Test
  void aChainLongerThanWhatIsFreeIsRefusedAndAReadableBufferAfterAWritableOneToo() {
    Guest guest = new Guest(3, 0, 0);
    guest.queue.begin();
    for (int i = 0; i < 3; i++) {
      guest.queue.in(BASE, 1);
    }
    assertThatIllegalStateException().isThrownBy(() -> guest.queue.in(BASE, 1));
    assertThatIllegalStateException().isThrownBy(() -> guest.queue.out(BASE, 1));
    guest.queue.begin();
    assertThatIllegalStateException().isThrownBy(() -> guest.queue.commit(1));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDeviceThatReturnsWhatWasNotOfferedIsNotBelieved(boolean inOrder) {
    for (int id : new int[] {1, 3, 4, 0xffff}) {
      Guest guest = new Guest(4, inOrder ? Feature.IN_ORDER.mask() : 0, 0);
      guest.queue.begin();
      guest.queue.in(BASE, 1);
      guest.queue.commit(9);
      boolean _ = guest.queue.publish();
      guest.ring.desc(0, 0, 1, id, AVAIL | USED | WRITE);
      assertThatIllegalStateException().isThrownBy(guest.queue::nextUsed);
    }
  }

  @Test
  void nothingIsUsedInARingThatWasNeverUsedOrIsEmptyAgain() {
    Guest guest = new Guest(2, 0, 0);
    Device device = new Device(guest.ring);
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      assertThat(guest.queue.hasUsed()).isFalse();
      assertThat(guest.queue.idle()).isTrue();
      guest.queue.begin();
      guest.queue.in(BASE, 1);
      guest.queue.commit(i);
      assertThat(guest.queue.hasUsed()).isFalse();
      assertThat(device.take()).isNull();
      boolean _ = guest.queue.publish();
      assertThat(guest.queue.hasUsed()).isFalse();
      device.use(device.take().id(), 1, 1);
      assertThat(guest.queue.nextUsed()).isEqualTo(i);
      assertThat(seen.add(i)).isTrue();
    }
  }

  @Test
  void aQueueThatWasResetIsAsNew() {
    for (long features : new long[] {0, Feature.IN_ORDER.mask()}) {
      Guest guest = new Guest(3, features, 0);
      for (int round = 0; round < 5; round++) {
        Device device = new Device(guest.ring);
        for (int i = 0; i < 2 + round; i++) {
          guest.queue.begin();
          guest.queue.in(BASE, 8);
          guest.queue.commit(i);
          boolean _ = guest.queue.publish();
          device.use(device.take().id(), 8, 1);
          assertThat(guest.queue.nextUsed()).isEqualTo(i);
        }
        guest.queue.begin();
        guest.queue.in(BASE, 8);
        guest.queue.commit(99);
        boolean _ = guest.queue.publish();
        guest.queue.disableSignals();
        guest.queue.reset();
        assertThat(guest.queue.idle()).isTrue();
        assertThat(guest.queue.hasUsed()).isFalse();
        assertThat(guest.ring.driverEventFlags()).isZero();
      }
    }
  }
}
