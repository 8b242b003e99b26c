package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.RawRing;

/// Every lie told to a queue alone: the right fault at the right index, for good, and not a byte of
/// the guest touched.
class LiesToAQueueTest {
  private static final long FEATURES = 1L << 28;

  /// Shared by all lies, none of which may change it.
  private static final GuardedMemory MEMORY = new GuardedMemory(Lie.MEMORY);

  private static final MemorySegment BEFORE = MEMORY.copy(0);

  static List<Lie> lies() {
    return Lie.all();
  }

  static List<BadPlace> badPlaces() {
    return BadPlace.all();
  }

  private static Lie.Place place(DeviceHalf half) {
    long buffer = half.buffers();
    return new Lie.Place(buffer, buffer + 8192, GuardedMemory.BASE, half.memory.end());
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieBreaksTheQueueForGoodAndTouchesNothing(Lie lie) {
    MEMORY.segment(0).fill((byte) 0);
    DeviceHalf half = new DeviceHalf(MEMORY, Lie.SIZE, FEATURES);
    lie.teller().tell(half.ring, place(half));
    BEFORE.copyFrom(MEMORY.segment(0));
    int honest = 0;
    while (half.queue.peek(half.chain)) {
      assertThat(++honest).isOne();
      half.queue.hold(half.chain);
    }
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
    half.ring.desc(0, half.buffers(), 8, WRITE, 0);
    half.ring.availElement(0, 0);
    half.ring.availIdx(1);
    assertThat(half.queue.peek(half.chain)).isFalse();
    assertThat(half.queue.available()).isZero();
    assertThat(half.queue.fault()).isEqualTo(lie.fault());
    assertThat(half.faults()).isOne();
    assertThat(half.signals()).isZero();
  }

  @Test
  void everyFaultOfARingIsToldByALieAndNamesItsClause() {
    EnumSet<RingFault> told =
        EnumSet.of(RingFault.BAD_RING_ADDRESS, RingFault.MEMORY_LOST, RingFault.DEVICE_ERROR);
    // Only a packed ring can be lied to like this.
    told.addAll(
        EnumSet.of(
            RingFault.RING_OVERRUN,
            RingFault.DESCRIPTOR_CHANGED,
            RingFault.LIST_INCOMPLETE,
            RingFault.ID_OUT_OF_RANGE));
    for (Lie lie : Lie.all()) {
      told.add(lie.fault());
      assertThat(lie.fault().clause()).startsWith("2.7.");
      assertThat(lie.fault().text()).isNotBlank();
    }
    assertThat(told).isEqualTo(EnumSet.allOf(RingFault.class));
  }

  @ParameterizedTest
  @MethodSource("badPlaces")
  void aQueueInABadPlaceIsNotOpened(BadPlace bad) {
    GuardedMemory memory = new GuardedMemory(1 << 20);
    RawRing ring =
        RawRing.place(memory.segment(0), GuardedMemory.BASE, GuardedMemory.BASE + 4096, 256);
    assertThat(open(memory, ring.addresses())).isTrue();
    assertThat(open(memory, bad.change().apply(ring.addresses(), GuardedMemory.BASE, memory.end())))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aPartOfAQueueIsNotSpreadOverTwoRegions(int part) {
    GuardedMemory memory = new GuardedMemory(1 << 16, 1 << 16);
    long middle = GuardedMemory.BASE + (1 << 16) - 16;
    long good = GuardedMemory.BASE;
    assertThat(
            open(
                memory,
                new VirtQueue.Addresses(
                    64,
                    part == 0 ? middle : good,
                    part == 1 ? middle : good + 4096,
                    part == 2 ? middle : good + 8192)))
        .isFalse();
  }

  @Test
  void partsThatTouchTheEndsOfMemoryAreFine() {
    GuardedMemory memory = new GuardedMemory(1 << 16);
    int used = SplitLayout.usedBytes(64);
    assertThat(
            open(
                memory,
                new VirtQueue.Addresses(
                    64, GuardedMemory.BASE, GuardedMemory.BASE + 4096, memory.end() - used & -4)))
        .isTrue();
    assertThat(
            open(
                memory,
                new VirtQueue.Addresses(
                    64, memory.end() - 1024, memory.end() - 2048, GuardedMemory.BASE)))
        .isTrue();
    assertThat(
            open(
                memory,
                new VirtQueue.Addresses(
                    64,
                    GuardedMemory.BASE,
                    memory.end() - SplitLayout.availBytes(64),
                    GuardedMemory.BASE + 4096)))
        .isTrue();
  }

  private static boolean open(GuardedMemory memory, VirtQueue.Addresses at) {
    return VirtQueue.open(
            0, at, memory.memory(), FEATURES, 0, new Ledger(), () -> true, queue -> {})
        != null;
  }

  @Test
  void anIndexThatGoesBackIsALieEvenInsideWhatWasOffered() {
    DeviceHalf half = new DeviceHalf(8, 0);
    half.ring.desc(0, half.buffers(), 1, WRITE, 0);
    half.ring.availIdx(5);
    Chain[] peeked = new Chain[5];
    for (int ahead = 0; ahead < 5; ahead++) {
      peeked[ahead] = new Chain();
      assertThat(half.queue.peek(peeked[ahead], ahead)).isTrue();
    }
    half.ring.availIdx(2);
    assertThat(half.queue.available()).isZero();
    assertThat(half.queue.fault()).isEqualTo(RingFault.AVAIL_INDEX_JUMP);
    assertThat(half.queue.faultIndex()).isEqualTo(2);
    // What was taken before the lie may still be finished; nothing more is found after it.
    for (Chain chain : peeked) {
      half.queue.complete(chain, 1);
    }
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isEqualTo(5);
    assertThat(half.serve(1)).isFalse();
  }

  @Test
  void theLiesOfOneQueueAreFoundWhereverTheIndexesAre() {
    for (int start : new int[] {1, 250, 65_500, 65_535, 65_536}) {
      DeviceHalf half = new DeviceHalf(8, 0);
      half.advance(start);
      half.ring.availIdx(start + 9);
      assertThat(half.serve(0)).isFalse();
      assertThat(half.queue.fault()).isEqualTo(RingFault.AVAIL_INDEX_JUMP);
      assertThat(half.queue.faultIndex()).isEqualTo(start + 9 & 0xffff);

      DeviceHalf other = new DeviceHalf(8, 0);
      other.advance(start);
      other.ring.desc(1, other.buffers(), 1, NEXT, 1);
      other.ring.offer(1);
      assertThat(other.serve(0)).isFalse();
      assertThat(other.queue.fault()).isEqualTo(RingFault.CHAIN_LOOP);
      other.burst.publish();
      assertThat(other.ring.usedIdx()).isEqualTo(start & 0xffff);
    }
  }
}
