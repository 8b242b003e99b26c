package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawPackedRing.AVAIL;
import static org.vbus.tests.fixture.RawPackedRing.INDIRECT;
import static org.vbus.tests.fixture.RawPackedRing.NEXT;
import static org.vbus.tests.fixture.RawPackedRing.USED;
import static org.vbus.tests.fixture.RawPackedRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.VirtQueue;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.PackedDeviceHalf;
import org.vbus.tests.fixture.RawPackedRing;

/// Every lie told to a packed queue alone: the right fault at the right index, for good, and not a
/// byte of the guest touched. And what is odd and no lie.
class LiesToAPackedQueueTest {
  /// Shared by all lies, none of which may change it.
  private static final GuardedMemory MEMORY = new GuardedMemory(PackedLie.MEMORY);

  private static final MemorySegment BEFORE = MEMORY.copy(0);

  static List<PackedLie> lies() {
    return PackedLie.all();
  }

  private static Lie.Place place(PackedDeviceHalf half) {
    long buffer = half.buffers();
    return new Lie.Place(buffer, buffer + 8192, GuardedMemory.BASE, half.memory.end());
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieBreaksTheQueueForGoodAndTouchesNothing(PackedLie lie) {
    MEMORY.segment(0).fill((byte) 0);
    PackedDeviceHalf half = new PackedDeviceHalf(MEMORY, PackedLie.SIZE, 0);
    lie.teller().tell(half.ring, place(half));
    BEFORE.copyFrom(MEMORY.segment(0));
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(lie.fault());
    assertThat(half.queue.faultIndex()).isEqualTo(lie.index());
    assertThat(half.faults()).isOne();

    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.available()).isZero();
    assertThat(half.queue.armKicks()).isFalse();
    half.burst.publish();
    assertThat(half.memory.segment(0).mismatch(BEFORE)).isEqualTo(-1);
    assertThat(half.memory.guardsIntact()).isTrue();

    // Taking it back does not help.
    half.ring.desc(0, half.buffers(), 8, 0, AVAIL | WRITE);
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(lie.fault());
    assertThat(half.signals()).isZero();
  }

  @Test
  void eachFaultThatOnlyAPackedRingHasNamesItsClause() {
    for (RingFault fault :
        List.of(
            RingFault.RING_OVERRUN,
            RingFault.DESCRIPTOR_CHANGED,
            RingFault.LIST_INCOMPLETE,
            RingFault.ID_OUT_OF_RANGE)) {
      assertThat(fault.clause()).startsWith("2.8.");
    }
  }

  /// A full ring of which the device keeps some: the guest sets flags as if there were room.
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 16})
  void moreThanTheRingHasIsALie(int size) {
    PackedDeviceHalf half = new PackedDeviceHalf(size, 0);
    half.advance(2 * size - 1);
    for (int i = 0; i < size; i++) {
      half.offer(half.buffers(), 1, i, WRITE);
    }
    Chain[] held = new Chain[size];
    for (int i = 0; i < size; i++) {
      held[i] = new Chain();
      assertThat(half.queue.peek(held[i])).isTrue();
      half.queue.hold(held[i]);
    }
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isNull();
    half.offer(half.buffers(), 1, 0, WRITE);
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.RING_OVERRUN);
    // What is held is completed all the same, and nothing is thrown.
    for (Chain chain : held) {
      half.queue.complete(chain, 1);
    }
    half.burst.publish();
    assertThat(half.memory.guardsIntact()).isTrue();
  }

  @Test
  void aListThatRunsIntoWhatTheDeviceKeepsIsALie() {
    PackedDeviceHalf half = new PackedDeviceHalf(5, 0);
    for (int i = 0; i < 3; i++) {
      half.offer(half.buffers(), 1, i, WRITE);
      assertThat(half.queue.peek(half.chain)).isTrue();
      half.queue.hold(half.chain);
    }
    for (int i = 0; i < 3; i++) {
      half.offer(half.buffers(), 1, 3, WRITE | (i < 2 ? NEXT : 0));
    }
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.RING_OVERRUN);
    assertThat(half.queue.faultIndex()).isEqualTo(4);
  }

  /// A chain that was seen is not longer, shorter or gone the next time.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aChainThatChangesBetweenTwoLooksIsALie(int change) {
    PackedDeviceHalf half = new PackedDeviceHalf(8, 0);
    half.offer(half.buffers(), 1, 0, NEXT);
    half.offer(half.buffers(), 1, 0, WRITE);
    half.offer(half.buffers(), 1, 1, WRITE);
    Chain second = new Chain();
    assertThat(half.queue.peek(half.chain)).isTrue();
    assertThat(half.queue.peek(second, 1)).isTrue();
    switch (change) {
      case 0 -> half.ring.flags(0, AVAIL | WRITE);
      case 1 -> half.ring.flags(1, AVAIL | WRITE | NEXT);
      default -> half.ring.flags(0, AVAIL | USED);
    }
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(RingFault.DESCRIPTOR_CHANGED);
    assertThat(half.queue.faultIndex()).isZero();
  }

  @Test
  void whatIsOddButAllowedWorks() {
    PackedDeviceHalf half = new PackedDeviceHalf(8, 0);
    long table = half.buffers() + 4096 + 3;
    // Unknown flags, WRITE on a table, ids inside a table, flags in it, a table at an odd address.
    half.offer(half.buffers(), 8, 7, WRITE | 0x7f78);
    half.ring.desc(table, 0, half.buffers(), 8, 0xffff, 0x7ffd);
    half.ring.desc(table, 1, half.buffers(), 8, 0xffff, 0xffff);
    half.offer(table, 32, 6, INDIRECT | WRITE);
    half.offer(half.memory.end() - 1, 1, 5, WRITE);
    int[][] expected = {{0, 8, 7}, {8, 8, 6}, {0, 1, 5}};
    for (int[] each : expected) {
      assertThat(half.queue.peek(half.chain)).isTrue();
      assertThat(half.chain.readable()).isEqualTo(each[0]);
      assertThat(half.chain.writable()).isEqualTo(each[1]);
      assertThat(half.chain.head()).isEqualTo(each[2]);
      half.queue.complete(half.chain, each[1]);
    }
    half.burst.publish();
    assertThat(half.queue.fault()).isNull();
  }

  @Test
  void aQueueInABadPlaceIsNotOpened() {
    GuardedMemory memory = new GuardedMemory(1 << 16, 1 << 16);
    long base = GuardedMemory.BASE;
    RawPackedRing ring = RawPackedRing.place(memory.segment(0), base, base + 4096, 5);
    VirtQueue.Addresses good = ring.addresses();
    assertThat(opens(memory, good)).isTrue();
    long end = memory.end();
    long border = base + (1 << 16);
    for (long desc :
        new long[] {0, base - 16, good.desc() + 8, end, end - 64, border - 64, -16, 1L << 62}) {
      assertThat(opens(memory, at(5, desc, good.avail(), good.used()))).isFalse();
    }
    for (long event : new long[] {0, base - 4, good.avail() + 2, end, border - 2, -4, 1L << 62}) {
      assertThat(opens(memory, at(5, good.desc(), event, good.used()))).isFalse();
      assertThat(opens(memory, at(5, good.desc(), good.avail(), event))).isFalse();
    }
    for (int size : new int[] {0, -1, 32769, 65536, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThat(opens(memory, at(size, good.desc(), good.avail(), good.used()))).isFalse();
    }
    assertThat(opens(memory, at(32768, good.desc(), good.avail(), good.used()))).isFalse();
  }

  private static VirtQueue.Addresses at(int size, long desc, long driver, long device) {
    return new VirtQueue.Addresses(size, desc, driver, device);
  }

  private static boolean opens(GuardedMemory memory, VirtQueue.Addresses at) {
    long features = Feature.RING_PACKED.mask();
    return VirtQueue.open(
            0,
            at,
            memory.memory(),
            features,
            VirtQueue.freshPosition(features),
            new Ledger(),
            () -> true,
            queue -> {})
        != null;
  }

  /// Another thread flips flags, ids, lengths and addresses while the device looks: what it gets is
  /// inside memory or a fault, never anything else.
  @Test
  @Timeout(60)
  void whatChangesUnderTheDevicesEyesDoesNoHarm() throws Exception {
    GuardedMemory memory = new GuardedMemory(1 << 16);
    PackedDeviceHalf half = new PackedDeviceHalf(memory, 4, 0);
    long buffer = half.buffers();
    RawPackedRing ring = half.ring;
    Thread liar =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                int at = i & 3;
                int wrap = (i >>> 2 & 1) == 0 ? AVAIL : USED;
                ring.desc(at, i % 7 == 0 ? -1 : buffer, i % 5 == 0 ? 1 << 20 : 8, i & 7, wrap);
                ring.flags(at, wrap | (i >>> 3 & 3) | (i % 11 == 0 ? INDIRECT : 0));
              }
            });
    int taken = 0;
    int refused = 0;
    try {
      while (taken < 2000 || refused < 2000) {
        if (half.queue.peek(half.chain)) {
          for (int i = 0; i < half.chain.pieces(); i++) {
            assertThat(half.chain.offset(i)).isNotNegative();
            assertThat(half.chain.offset(i) + half.chain.length(i)).isLessThanOrEqualTo(1 << 16);
          }
          assertThat(half.chain.head()).isLessThan(4);
          half.queue.complete(half.chain, half.chain.writable());
          half.burst.publish();
          taken++;
        } else if (half.queue.fault() != null) {
          half.reset();
          refused++;
        }
      }
    } finally {
      liar.interrupt();
      liar.join();
    }
    assertThat(memory.guardsIntact()).isTrue();
  }
}
