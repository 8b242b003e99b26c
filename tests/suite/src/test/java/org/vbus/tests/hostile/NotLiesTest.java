package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.RawRing;

/// What looks odd and is allowed: it must work.
class NotLiesTest {
  private static final int SIZE = 8;

  /// One odd chain at descriptor 0.
  ///
  /// @param readable bytes of its readable part
  /// @param writable bytes of its writable part
  record Odd(String name, int readable, int writable, Lie.Teller teller) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Odd> oddities() {
    return List.of(
        new Odd("last byte of memory", 0, 1, (ring, at) -> ring.desc(0, at.end() - 1, 1, WRITE, 0)),
        new Odd("first byte of memory", 1, 0, (ring, at) -> ring.desc(0, at.start(), 1, 0, 0)),
        new Odd(
            "all of memory",
            1 << 20,
            0,
            (ring, at) -> ring.desc(0, at.start(), at.end() - at.start(), 0, 0)),
        new Odd(
            "unknown flags", 0, 8, (ring, at) -> ring.desc(0, at.buffer(), 8, WRITE | 0xfff8, 0)),
        new Odd(
            "next without its flag", 8, 0, (ring, at) -> ring.desc(0, at.buffer(), 8, 0, 0xffff)),
        new Odd(
            "the same buffer twice",
            8,
            8,
            (ring, at) -> ring.desc(0, at.buffer(), 8, NEXT, 1).desc(1, at.buffer(), 8, WRITE, 0)),
        new Odd(
            "as many descriptors as the queue has",
            0,
            SIZE,
            (ring, at) -> {
              for (int i = 0; i < SIZE; i++) {
                ring.desc(i, at.buffer() + i, 1, WRITE | (i < SIZE - 1 ? NEXT : 0), i + 1);
              }
            }),
        new Odd(
            "table of as many descriptors as the queue has",
            0,
            SIZE,
            (ring, at) -> {
              ring.desc(0, at.table(), 16 * SIZE, INDIRECT, 0xffff);
              for (int i = 0; i < SIZE; i++) {
                ring.desc(
                    at.table(), i, at.buffer() + i, 1, WRITE | (i < SIZE - 1 ? NEXT : 0), i + 1);
              }
            }),
        new Odd(
            "long table with a short chain",
            8,
            8,
            (ring, at) ->
                ring.desc(0, at.table(), 16 * 100, INDIRECT, 0)
                    .desc(at.table(), 0, at.buffer(), 8, NEXT, 99)
                    .desc(at.table(), 99, at.buffer(), 8, WRITE, 0)
                    .desc(at.table(), 1, -1, 0, 0xffff, 0xffff)),
        new Odd(
            "table of one",
            0,
            8,
            (ring, at) ->
                ring.desc(0, at.table(), 16, INDIRECT, 0)
                    .desc(at.table(), 0, at.buffer(), 8, WRITE, 0)),
        new Odd(
            "table at an odd address",
            0,
            8,
            (ring, at) ->
                ring.desc(0, at.table() + 3, 16, INDIRECT, 0)
                    .desc(at.table() + 3, 0, at.buffer() + 1, 8, WRITE, 0)),
        new Odd(
            "table at the end of memory",
            8,
            0,
            (ring, at) ->
                ring.desc(0, at.end() - 16, 16, INDIRECT, 0)
                    .desc(at.end() - 16, 0, at.buffer(), 8, 0, 0)),
        new Odd(
            "table on the ring itself",
            0,
            8,
            (ring, at) ->
                ring.desc(0, ring.addresses().desc() + 16, 16, INDIRECT, 0)
                    .desc(1, at.buffer(), 8, WRITE, 0)));
  }

  /// With and without INDIRECT_DESC: drivers in the field use tables unasked.
  @ParameterizedTest
  @MethodSource("oddities")
  void whatIsAllowedWorksNegotiatedOrNot(Odd odd) {
    for (long features : new long[] {0, 1L << 28, 1L << 28 | 1L << 29}) {
      DeviceHalf half = new DeviceHalf(new GuardedMemory(1 << 20), SIZE, features);
      long buffer = half.buffers();
      odd.teller()
          .tell(
              half.ring,
              new Lie.Place(buffer, buffer + 4096, GuardedMemory.BASE, half.memory.end()));
      half.ring.offer(0);
      assertThat(half.queue.peek(half.chain)).isTrue();
      assertThat(half.chain.readable()).isEqualTo(odd.readable());
      assertThat(half.chain.writable()).isEqualTo(odd.writable());
      for (int i = 0; i < odd.writable(); i++) {
        half.chain.writeByte(i, i + 1);
      }
      for (int i = 0; i < Math.min(odd.readable(), 8); i++) {
        assertThat(half.chain.readByte(i)).isNotNegative();
      }
      half.queue.complete(half.chain, odd.writable());
      half.burst.publish();
      assertThat(half.queue.fault()).isNull();
      assertThat(half.ring.usedIdx()).isOne();
      assertThat(half.ring.usedLen(0)).isEqualTo(odd.writable());
      assertThat(half.memory.guardsIntact()).isTrue();
    }
  }

  @Test
  void aFullRingIsNoJump() {
    DeviceHalf half = new DeviceHalf(SIZE, 0);
    half.advance(65_530);
    for (int i = 0; i < SIZE; i++) {
      half.ring.offer(0);
    }
    assertThat(half.queue.available()).isEqualTo(SIZE);
    for (int i = 0; i < SIZE; i++) {
      assertThat(half.serve(1)).isTrue();
    }
    half.burst.publish();
    assertThat(half.queue.fault()).isNull();
    assertThat(half.ring.usedIdx()).isEqualTo(65_530 + SIZE & 0xffff);
  }

  /// Three regions, the middle one small: a buffer may lie in all of them.
  @Test
  void aBufferMayRunThroughNeighbouringRegions() {
    GuardedMemory memory = new GuardedMemory(1 << 16, 4096, 1 << 16);
    DeviceHalf half = new DeviceHalf(memory, SIZE, 0);
    long edge = GuardedMemory.BASE + (1 << 16);
    for (int before = 0; before <= 12; before++) {
      for (int len : new int[] {1, 12, 13, 4096 + 24}) {
        long from = edge - before;
        for (int i = 0; i < len; i++) {
          memory.set(from + i, i * 5);
        }
        half.ring.desc(0, from, len, NEXT, 1).desc(1, from, len, WRITE, 0);
        half.ring.offer(0);
        assertThat(half.queue.peek(half.chain)).isTrue();
        assertThat(half.chain.readable()).isEqualTo(len);
        assertThat(half.chain.writable()).isEqualTo(len);
        for (int i = 0; i < len; i++) {
          assertThat(half.chain.readByte(i)).isEqualTo(i * 5 & 0xff);
        }
        if (len >= 12) {
          assertThat(half.chain.readInt(8)).isEqualTo(0x37322d28);
        }
        for (int i = 0; i < len; i++) {
          half.chain.writeByte(i, i * 3);
          assertThat(memory.get(from + i)).isEqualTo(i * 3 & 0xff);
        }
        half.queue.complete(half.chain, len);
        half.burst.publish();
      }
    }
    assertThat(half.queue.fault()).isNull();
    assertThat(memory.guardsIntact()).isTrue();
  }

  @Test
  void aBufferThatLeavesTheLastRegionIsALieAndMemoryBehindTheGapIsNotTakenForIt() {
    GuardedMemory memory = new GuardedMemory(1 << 16, 4096);
    DeviceHalf half = new DeviceHalf(memory, SIZE, 0);
    half.ring.desc(0, GuardedMemory.BASE + (1 << 16) - 1, 4096 + 2, WRITE, 0);
    half.ring.offer(0);
    assertThat(half.serve(1)).isFalse();
    assertThat(half.queue.fault()).isEqualTo(org.vbus.core.ring.RingFault.ADDRESS_OUTSIDE_MEMORY);
    assertThat(memory.guardsIntact()).isTrue();
  }

  /// Buffers of one chain alternate between regions: the region of the last buffer is only a guess.
  @Test
  void theBuffersOfAChainMayLieInDifferentRegions() {
    GuardedMemory memory = new GuardedMemory(1 << 16, 1 << 16);
    DeviceHalf half = new DeviceHalf(memory, SIZE, 0);
    long low = half.buffers();
    long high = GuardedMemory.BASE + (1 << 16) + 100;
    for (int i = 0; i < SIZE; i++) {
      long gpa = (i % 2 == 0 ? low : high) + i;
      memory.set(gpa, 0x70 + i);
      half.ring.desc(i, gpa, 1, i < SIZE - 1 ? NEXT : 0, i + 1);
    }
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    for (int i = 0; i < SIZE; i++) {
      assertThat(half.chain.readByte(i)).isEqualTo(0x70 + i);
    }
  }

  @Test
  void aRingMayLieInAnotherRegionThanItsBuffers() {
    GuardedMemory memory = new GuardedMemory(1 << 16, 1 << 16);
    DeviceHalf half = new DeviceHalf(memory, SIZE, 0);
    long data = GuardedMemory.BASE + (1 << 16);
    half.ring.desc(0, data, 16, INDIRECT, 0);
    RawRing.over(memory.segment(1), data, half.ring.addresses())
        .desc(data, 0, data + 64, 4, WRITE, 0);
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    half.chain.writeByte(3, 0x77);
    assertThat(memory.get(data + 67)).isEqualTo(0x77);
  }
}
