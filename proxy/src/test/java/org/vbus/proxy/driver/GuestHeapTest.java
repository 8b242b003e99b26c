package org.vbus.proxy.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestHeapTest {
  private static final long BASE = 0x4000_0000L;
  private static final int SIZE = 1 << 20;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(SIZE, 4096);
  private final GuestHeap heap = new GuestHeap(memory, BASE);

  private record Block(long off, long size) {}

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void blocksAreAlignedAsGuestPhysicalAddressesAndZero() {
    memory.fill((byte) 0xff);
    heap.allocate(1, 1);
    long off = heap.allocate(100, 4096);

    assertThat(heap.gpa(off) % 4096).isZero();
    for (int i = 0; i < 100; i++) {
      assertThat(memory.get(ValueLayout.JAVA_BYTE, off + i)).isZero();
    }
  }

  @Test
  void whenFullItSaysSoAndGoesOn() {
    long all = heap.allocate(SIZE, 64);
    assertThatExceptionOfType(OutOfMemoryError.class)
        .isThrownBy(() -> heap.allocate(1, 1))
        .withMessageContaining(Integer.toString(SIZE));
    heap.release(all, SIZE);
    assertThat(heap.allocate(SIZE, 64)).isEqualTo(all);
  }

  @Test
  void blocksNeverOverlapAndEverythingComesBack() {
    Random random = new Random(1);
    List<Block> live = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (random.nextBoolean() && heap.inUse() < SIZE / 2) {
        long size = 1L + random.nextInt(5000);
        Block block = new Block(heap.allocate(size, 1L << random.nextInt(13)), size);
        live.add(block);
      } else if (!live.isEmpty()) {
        Block block = live.remove(random.nextInt(live.size()));
        heap.release(block.off(), block.size());
      }
      if (i % 500 == 0) {
        List<Block> sorted = live.stream().sorted(Comparator.comparingLong(Block::off)).toList();
        for (int n = 1; n < sorted.size(); n++) {
          assertThat(sorted.get(n - 1).off() + sorted.get(n - 1).size())
              .isLessThanOrEqualTo(sorted.get(n).off());
        }
      }
    }
    live.forEach(block -> heap.release(block.off(), block.size()));

    assertThat(heap.inUse()).isZero();
    assertThat(heap.allocate(SIZE, 64)).as("merged to one hole").isZero();
  }
}
