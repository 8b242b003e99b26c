package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawPackedRing.INDIRECT;
import static org.vbus.tests.fixture.RawPackedRing.NEXT;
import static org.vbus.tests.fixture.RawPackedRing.WRITE;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.Batch;
import org.vbus.core.ring.Chain;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;

/// Packed rings made by chance from values that are nearly right. What the device takes is compared
/// with a second reading of the rules, written without regard to speed.
class RandomPackedRingTest {
  private static final int ROUNDS = 200_000;
  private static final int TABLE = 12;
  private static final int MEMORY = 1 << 16;
  private static final long START = GuardedMemory.BASE;
  private static final long END = START + MEMORY;

  private final GuardedMemory memory = new GuardedMemory(MEMORY);
  private final Batch batch = new Batch(1);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8, 13})
  void aRandomRingIsTakenIfItIsLegalAndElseRefused(int size) {
    SplittableRandom random = new SplittableRandom(size);
    PackedDeviceHalf half = new PackedDeviceHalf(memory, size, 0);
    int next = 0;
    boolean wrap = true;
    int taken = 0;
    int refused = 0;
    int together = 0;
    int empty = 0;
    for (int round = 0; round < ROUNDS; round++) {
      mutate(half, random, next, wrap);
      boolean there = marked(half.ring, next, wrap);
      int count = there ? count(half.ring, next, wrap) : 0;
      boolean batched =
          random.nextBoolean() && half.queue.peek(batch, 1, random.nextBoolean()) == 1;
      boolean found = half.queue.peek(half.chain);
      if (batched && !(found && isBatch(half.chain))) {
        throw new AssertionError("round " + round + ": batch of what is no single buffer");
      }
      if (found != count > 0 || (half.queue.fault() != null) != (there && count == 0)) {
        throw new AssertionError(
            "round %d: there %b, descriptors %d, found %b, fault %s"
                .formatted(round, there, count, found, half.queue.fault()));
      }
      if (found) {
        if (batched) {
          batch.written(0, half.chain.writable());
          half.queue.complete(batch, 1);
          together++;
        } else {
          half.queue.complete(half.chain, half.chain.writable());
        }
        half.burst.publish();
        if (half.ring.flags(next)
                != (RawPackedRing.used(wrap) | (half.chain.writable() > 0 ? WRITE : 0))
            || half.ring.id(next) != half.chain.head()) {
          throw new AssertionError("round " + round + ": wrong used descriptor");
        }
        next += count;
        if (next >= size) {
          next -= size;
          wrap = !wrap;
        }
        taken++;
      } else if (there) {
        half.burst.publish();
        if (half.queue.peek(half.chain)) {
          throw new AssertionError("round " + round + ": a refused chain was taken");
        }
        half.reset();
        next = 0;
        wrap = true;
        refused++;
      } else {
        empty++;
      }
    }
    assertThat(taken).isGreaterThan(ROUNDS / 20);
    assertThat(together).isGreaterThan(ROUNDS / 200);
    assertThat(refused).isGreaterThan(ROUNDS / 20);
    assertThat(empty).isGreaterThan(ROUNDS / 1000);
    assertThat(memory.guardsIntact()).isTrue();
  }

  private static boolean marked(RawPackedRing ring, int at, boolean wrap) {
    return (ring.flags(at) & RawPackedRing.used(true)) == RawPackedRing.available(wrap);
  }

  /// Rewrites the next descriptors and some of a table: mostly legal ones, one in eight of any
  /// field hostile.
  private static void mutate(
      PackedDeviceHalf half, SplittableRandom random, int next, boolean wrap) {
    int size = half.ring.size();
    long table = half.buffers();
    for (int n = random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(TABLE);
      half.ring.desc(
          table,
          at,
          address(random, table),
          length(random),
          random.nextInt(0x10000),
          random.nextInt(16) == 0
              ? random.nextInt(0x10000)
              : random.nextInt(TABLE) < at ? WRITE : 0);
    }
    int list = 1 + random.nextInt(3);
    for (int i = 0; i < list; i++) {
      int at = (next + i) % size;
      boolean counter = next + i < size ? wrap : next + i < 2 * size ? !wrap : wrap;
      long addr = address(random, table);
      long len = length(random);
      int id = random.nextInt(32) == 0 ? random.nextInt(0x10000) : random.nextInt(size);
      int flags = (i < list - 1 ? NEXT : 0) | (random.nextInt(list + 1) <= i ? WRITE : 0);
      if (random.nextInt(4) == 0) {
        flags = INDIRECT | (flags & (random.nextInt(8) == 0 ? -1 : WRITE));
        addr = table;
        len = 16L * (1 + random.nextInt(TABLE));
      }
      flags |= RawPackedRing.available(counter);
      if (random.nextInt(32) == 0) {
        flags = random.nextInt(0x10000);
      }
      half.ring.desc(at, addr, len, id, flags);
    }
  }

  private static long address(SplittableRandom random, long table) {
    return switch (random.nextInt(40)) {
      case 0 -> random.nextLong();
      case 1 -> START + random.nextInt(-64, 64);
      case 2 -> END + random.nextInt(-64, 64);
      case 3 -> -random.nextInt(64);
      default -> table + 4096 + random.nextInt(8192);
    };
  }

  private static long length(SplittableRandom random) {
    return switch (random.nextInt(40)) {
      case 0 -> random.nextLong() & 0xffffffffL;
      case 1 -> random.nextInt(2);
      default -> random.nextInt(1, 65);
    };
  }

  /// How many descriptors of the ring the chain at `at` takes, 0 when it breaks a rule of 2.8.6,
  /// 2.8.7, 2.8.17 or 2.8.19 or leaves memory.
  private static int count(RawPackedRing ring, int at, boolean wrap) {
    int size = ring.size();
    long own = ring.addresses().desc();
    if ((ring.flags(at) & INDIRECT) != 0) {
      long table = ring.addr(own, at);
      long len = ring.len(at);
      boolean legal =
          (ring.flags(at) & NEXT) == 0
              && ring.id(at) < size
              && len % 16 == 0
              && len / 16 <= size
              && inside(table, len);
      boolean written = false;
      for (int i = 0; legal && i < len / 16; i++) {
        boolean write = (ring.flags(table, i) & WRITE) != 0;
        legal = inside(ring.addr(table, i), ring.len(table, i)) && (write || !written);
        written = write;
      }
      return legal ? 1 : 0;
    }
    boolean written = false;
    for (int count = 1; count <= size; count++) {
      int flags = ring.flags(at);
      boolean write = (flags & WRITE) != 0;
      if (!marked(ring, at, wrap)
          || (flags & INDIRECT) != 0
          || !inside(ring.addr(own, at), ring.len(at))
          || (written && !write)) {
        return 0;
      }
      if ((flags & NEXT) == 0) {
        return ring.id(at) < size ? count : 0;
      }
      written = write;
      at++;
      if (at == size) {
        at = 0;
        wrap = !wrap;
      }
    }
    return 0;
  }

  private static boolean inside(long addr, long len) {
    return len > 0 && addr >= START && addr < END && len <= END - addr;
  }

  /// Whether the chain says what the batch does.
  private boolean isBatch(Chain chain) {
    return chain.pieces() == 1
        && chain.offset(0) == batch.offset(0)
        && chain.length(0) == batch.length(0);
  }
}
