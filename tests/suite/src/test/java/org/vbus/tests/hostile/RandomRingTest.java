package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.Batch;
import org.vbus.core.ring.Chain;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.RawRing;

/// A million rings made by chance from values that are nearly right. What the device takes is
/// compared with a second reading of the rules, written without regard to speed.
class RandomRingTest {
  private static final int ROUNDS = 200_000;
  private static final int TABLE = 12;
  private static final int MEMORY = 1 << 16;
  private static final long START = GuardedMemory.BASE;
  private static final long END = START + MEMORY;

  private final GuardedMemory memory = new GuardedMemory(MEMORY);
  private final Batch batch = new Batch(1);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void aRandomRingIsTakenIfItIsLegalAndElseRefused(int size) {
    SplittableRandom random = new SplittableRandom(size);
    DeviceHalf half = new DeviceHalf(memory, size, 0);
    int taken = 0;
    int refused = 0;
    int together = 0;
    int offered = 0;
    for (int round = 0; round < ROUNDS; round++) {
      mutate(half, random);
      int head = random.nextInt(50) == 0 ? random.nextInt(0x10000) : random.nextInt(size);
      boolean legal = legal(half.ring, head);
      half.ring.offer(head);
      offered++;
      boolean batched =
          random.nextBoolean() && half.queue.peek(batch, 1, random.nextBoolean()) == 1;
      boolean found = half.queue.peek(half.chain);
      if (batched && !(found && isBatch(half.chain))) {
        throw new AssertionError("round " + round + ": batch of what is no single buffer");
      }
      if (found != legal || found == (half.queue.fault() != null)) {
        throw new AssertionError(
            "round %d: legal %b, found %b, fault %s"
                .formatted(round, legal, found, half.queue.fault()));
      }
      if (found) {
        use(half.chain, half.buffers());
        if (batched) {
          batch.written(0, half.chain.writable());
          half.queue.complete(batch, 1);
          together++;
        } else {
          half.queue.complete(half.chain, half.chain.writable());
        }
        half.burst.publish();
        taken++;
        if (half.ring.usedIdx() != (offered & 0xffff)) {
          throw new AssertionError("round " + round + ": used index " + half.ring.usedIdx());
        }
      } else {
        half.burst.publish();
        if (half.ring.usedIdx() != (offered - 1 & 0xffff) || half.queue.peek(half.chain)) {
          throw new AssertionError("round " + round + ": a refused chain was used");
        }
        refused++;
        offered = 0;
        half.reset();
      }
    }
    assertThat(taken).isGreaterThan(ROUNDS / 20);
    assertThat(together).isGreaterThan(ROUNDS / 200);
    assertThat(refused).isGreaterThan(ROUNDS / 20);
    assertThat(memory.guardsIntact()).isTrue();
  }

  /// Rewrites some descriptors: mostly legal ones, one in eight of any field hostile.
  private static void mutate(DeviceHalf half, SplittableRandom random) {
    int size = half.ring.size();
    long own = half.ring.addresses().desc();
    long table = half.buffers();
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      boolean direct = random.nextInt(2) == 0;
      int entries = direct ? size : TABLE;
      int flags = random.nextInt(4);
      long addr = table + 4096 + random.nextInt(8192);
      long len = random.nextInt(1, 65);
      int at = random.nextInt(entries);
      // Forward more often than not, or nearly every longer chain is a loop.
      int next = at + 1 + random.nextInt(3);
      if (next >= entries) {
        next = random.nextInt(entries);
        flags &= random.nextInt(4) == 0 ? -1 : ~NEXT;
      }
      if (direct && random.nextInt(4) == 0) {
        flags = INDIRECT | (flags & WRITE);
        addr = table;
        len = 16L * (1 + random.nextInt(TABLE));
      }
      switch (random.nextInt(32)) {
        case 0 -> addr = random.nextLong();
        case 1 -> addr = START + random.nextInt(-64, 64);
        case 2 -> addr = END + random.nextInt(-64, 64);
        case 3 -> addr = -random.nextInt(64);
        case 4 -> len = random.nextLong() & 0xffffffffL;
        case 5 -> len = random.nextInt(2);
        case 6 -> flags = random.nextInt(0x10000);
        case 7 -> next = random.nextInt(0x10000);
        default -> {}
      }
      half.ring.desc(direct ? own : table, at, addr, len, flags, next);
    }
  }

  /// Whether the chain at `head` keeps every rule of 2.7.4.2, 2.7.5 and 2.7.5.3.1 and lies in
  /// memory.
  private static boolean legal(RawRing ring, int head) {
    long table = ring.addresses().desc();
    int entries = ring.size();
    boolean indirect = false;
    boolean written = false;
    int inTable = 0;
    int inChain = 0;
    int i = head;
    while (i < entries) {
      long addr = ring.descAddr(table, i);
      long len = ring.descLen(table, i);
      int flags = ring.descFlags(table, i);
      if (!inside(addr, len)) {
        return false;
      }
      if ((flags & INDIRECT) != 0) {
        if (indirect || (flags & NEXT) != 0 || len % 16 != 0) {
          return false;
        }
        indirect = true;
        table = addr;
        entries = (int) len / 16;
        inTable = 0;
        i = 0;
        continue;
      }
      boolean write = (flags & WRITE) != 0;
      if (++inChain > ring.size() || ++inTable > entries || (written && !write)) {
        return false;
      }
      written = write;
      if ((flags & NEXT) == 0) {
        return true;
      }
      i = ring.descNext(table, i);
    }
    return false;
  }

  private static boolean inside(long addr, long len) {
    return len > 0 && addr >= START && addr < END && len <= END - addr;
  }

  /// Touches both ends of every piece, as a device may; the ring itself is left alone, or the test
  /// would write what it wants to check.
  private static void use(Chain chain, long buffers) {
    for (int at = 0; at < chain.readable(); at += Math.max(1, chain.readable() - 1)) {
      int value = chain.readByte(at);
      if (value < 0 || value > 255) {
        throw new AssertionError("byte " + value);
      }
    }
    for (int i = chain.readablePieces(); i < chain.pieces(); i++) {
      if (chain.offset(i) + START < buffers) {
        return;
      }
    }
    if (chain.writable() > 0) {
      chain.writeByte(0, 1);
      chain.writeByte(chain.writable() - 1, 2);
    }
  }

  /// Whether the chain says what the batch does.
  private boolean isBatch(Chain chain) {
    return chain.pieces() == 1
        && chain.offset(0) == batch.offset(0)
        && chain.length(0) == batch.length(0);
  }
}
