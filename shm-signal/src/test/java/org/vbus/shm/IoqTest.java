package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/// Push and pop byte by byte, for the kinds of queue of section 5.2 of the vbus ABI.
class IoqTest {
  private static final ValueLayout.OfInt LE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory = Arena.ofAuto().allocate(IoqLayout.footprint(3), 8);
  private final Ioq north = Ioq.format(memory, 0, 3);
  private final Ioq south = Ioq.open(memory, 0, 3, Locality.SOUTH);

  private void validIs(int head, int tail, int full) {
    index(24, head, tail, full);
  }

  private void inuseIs(int head, int tail, int full) {
    index(36, head, tail, full);
  }

  private void index(long off, int head, int tail, int full) {
    assertThat(
            new int[] {
              memory.get(LE32, off),
              memory.get(LE32, off + 4),
              memory.get(ValueLayout.JAVA_BYTE, off + 8)
            })
        .containsExactly(head, tail, full);
  }

  private void ownersAre(int... owners) {
    for (int i = 0; i < owners.length; i++) {
      assertThat(memory.get(ValueLayout.JAVA_BYTE, 56 + 32 * i + 25))
          .as("sown of descriptor %d", i)
          .isEqualTo((byte) owners[i]);
    }
  }

  @Test
  void transmitPushesBothIndexesAndSouthPopsInuseAndNorthCleansUp() {
    IoqIterator producer = north.iterator(IoqIndex.BOTH, 0);
    IoqIterator consumer = south.iterator(IoqIndex.INUSE, 0);
    IoqIterator cleaner = north.iterator(IoqIndex.VALID, IoqIterator.NOFLIPOWNER);

    for (int i = 0; i < 3; i++) {
      assertThat(producer.position()).isEqualTo(i);
      north.buffer(i, 100 + i, 0x1000L * i, 64);
      assertThat(producer.push()).isEqualTo(Delivery.QUIET);
    }
    validIs(0, 0, 1);
    inuseIs(0, 0, 1);
    ownersAre(1, 1, 1);
    assertThat(north.entries(IoqIndex.VALID)).isEqualTo(3);
    assertThat(producer.push()).as("full").isEqualTo(Delivery.REFUSED);

    assertThat(consumer.owned()).isTrue();
    assertThat(south.ptr(0)).isZero();
    assertThat(south.len(0)).isEqualTo(64);
    assertThat(consumer.pop()).isEqualTo(Delivery.QUIET);
    inuseIs(1, 0, 0);
    validIs(0, 0, 1);
    ownersAre(0, 1, 1);
    assertThat(south.entries(IoqIndex.INUSE)).isEqualTo(2);

    assertThat(north.valid(0) && cleaner.owned()).isTrue();
    assertThat(north.cookie(0)).isEqualTo(100);
    north.valid(0, false);
    assertThat(cleaner.pop()).isEqualTo(Delivery.QUIET);
    validIs(1, 0, 0);
    ownersAre(0, 1, 1);
    assertThat(cleaner.pop()).as("south still owns the next").isEqualTo(Delivery.REFUSED);

    assertThat(producer.push()).as("wrapped to 0").isEqualTo(Delivery.QUIET);
    validIs(1, 1, 1);
    inuseIs(1, 1, 1);
  }

  @Test
  void receiveFillsOnValidAndSouthPushesInuseAndNorthPopsInuse() {
    IoqIterator fill = north.iterator(IoqIndex.VALID, 0);
    IoqIterator producer = south.iterator(IoqIndex.INUSE, 0);
    IoqIterator consumer = north.iterator(IoqIndex.INUSE, 0);

    assertThat(producer.owned()).isFalse();
    assertThat(producer.push()).isEqualTo(Delivery.REFUSED);
    fill.push();
    fill.push();
    validIs(0, 2, 0);
    inuseIs(0, 0, 0);
    ownersAre(1, 1, 0);

    south.len(0, 60);
    assertThat(producer.push()).isEqualTo(Delivery.QUIET);
    inuseIs(0, 1, 0);
    ownersAre(0, 1, 0);
    assertThat(producer.push()).isEqualTo(Delivery.QUIET);
    assertThat(producer.push()).as("not filled").isEqualTo(Delivery.REFUSED);
    inuseIs(0, 2, 0);

    assertThat(north.len(0)).isEqualTo(60);
    assertThat(consumer.pop()).isEqualTo(Delivery.QUIET);
    inuseIs(1, 2, 0);
    ownersAre(1, 0, 0);
    validIs(0, 2, 0);
  }

  @Test
  void autoUpdateInjectsAfterEachMove() {
    IoqIterator producer = north.iterator(IoqIndex.BOTH, IoqIterator.AUTOUPDATE);
    IoqIterator consumer = south.iterator(IoqIndex.INUSE, IoqIterator.AUTOUPDATE);
    south.signal().enable();
    assertThat(producer.push()).isEqualTo(Delivery.INTERRUPT);
    assertThat(producer.push()).isEqualTo(Delivery.QUIET);
    assertThat(consumer.pop()).as("north is masked").isEqualTo(Delivery.QUIET);
    north.signal().enable();
    assertThat(consumer.pop()).isEqualTo(Delivery.INTERRUPT);
  }

  @Test
  void anIteratorThatIsNotAtTheIndexIsRefusedAndChangesNothing() {
    IoqIterator producer = north.iterator(IoqIndex.VALID, 0);
    producer.seek(1);
    byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
    assertThat(producer.push()).isEqualTo(Delivery.REFUSED);
    assertThat(producer.pop()).isEqualTo(Delivery.REFUSED);
    assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    assertThat(producer.position()).isEqualTo(1);
  }

  @Test
  void bothIndexesMustAgree() {
    north.iterator(IoqIndex.VALID, 0).push();
    IoqIterator both = north.iterator(IoqIndex.BOTH, 0);
    both.seekTail();
    assertThat(both.position()).isEqualTo(1);
    assertThat(both.push()).isEqualTo(Delivery.REFUSED);
  }

  @Test
  void seeksFollowTheIndexesAndWrap() {
    IoqIterator fill = north.iterator(IoqIndex.VALID, 0);
    fill.push();
    fill.push();
    IoqIterator iterator = south.iterator(IoqIndex.VALID, 0);
    iterator.seekTail();
    assertThat(iterator.position()).isEqualTo(2);
    iterator.next();
    assertThat(iterator.position()).isZero();
    iterator.seek(2);
    iterator.seekHead();
    assertThat(iterator.position()).isZero();
    assertThatIllegalArgumentException().isThrownBy(() -> iterator.seek(3));
    assertThatIllegalArgumentException().isThrownBy(() -> iterator.seek(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> north.iterator(IoqIndex.BOTH, 4));
  }
}
