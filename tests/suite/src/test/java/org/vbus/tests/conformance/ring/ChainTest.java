package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.Chain;
import org.vbus.tests.fixture.DeviceHalf;

/// What a device author relies on: reading and writing a chain whose pieces lie anywhere.
class ChainTest {
  private static final int TOTAL = 20;

  private final DeviceHalf half = new DeviceHalf(32, 0);
  private final MemorySegment copy = MemorySegment.ofArray(new long[8]);

  /// A readable and a writable part of 20 bytes each, cut after `a` and after `b` bytes, pieces
  /// apart.
  private Chain chain(int a, int b) {
    int[] ends = {a, b, TOTAL};
    int d = 0;
    for (int flags = 0; flags <= WRITE; flags += WRITE) {
      int start = 0;
      for (int end : ends) {
        if (end > start) {
          long run = half.buffers() + 128L * d;
          for (int i = 0; i < end - start; i++) {
            half.memory.set(run + i, flags == 0 ? value(start + i) : 0);
          }
          half.memory.set(run - 1, 0xee);
          half.memory.set(run + end - start, 0xee);
          boolean last = flags == WRITE && end == TOTAL;
          half.ring.desc(d, run, end - start, flags | (last ? 0 : NEXT), d + 1);
          d++;
          start = end;
        }
      }
    }
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    return half.chain;
  }

  /// High bits set, so that a sign extension shows.
  private static int value(int i) {
    return 0xf0 - 3 * i;
  }

  private static long expected(int at, int bytes) {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | value(at + i);
    }
    return value;
  }

  /// The whole writable part, with what stands on either side of each piece checked.
  private byte[] written() {
    byte[] all = new byte[TOTAL];
    int n = 0;
    for (int i = half.chain.readablePieces(); i < half.chain.pieces(); i++) {
      MemorySegment segment = half.chain.segment(i);
      long off = half.chain.offset(i);
      int len = half.chain.length(i);
      assertThat(segment.get(ValueLayout.JAVA_BYTE, off - 1)).isEqualTo((byte) 0xee);
      assertThat(segment.get(ValueLayout.JAVA_BYTE, off + len)).isEqualTo((byte) 0xee);
      for (int k = 0; k < len; k++) {
        all[n++] = segment.get(ValueLayout.JAVA_BYTE, off + k);
      }
    }
    assertThat(n).isEqualTo(TOTAL);
    return all;
  }

  private void done() {
    half.queue.complete(half.chain, 0);
    half.burst.publish();
  }

  @Test
  void fieldsAreReadTheSameWhereverTheChainIsCut() {
    for (int a = 0; a <= TOTAL; a++) {
      for (int b = a; b <= TOTAL; b++) {
        Chain chain = chain(a, b);
        assertThat(chain.readable()).isEqualTo(TOTAL);
        assertThat(chain.writable()).isEqualTo(TOTAL);
        for (int at = 0; at < TOTAL; at++) {
          assertThat(chain.readByte(at)).isEqualTo((int) expected(at, 1));
          if (at + 2 <= TOTAL) {
            assertThat(chain.readShort(at)).isEqualTo((int) expected(at, 2));
          }
          if (at + 4 <= TOTAL) {
            assertThat(chain.readInt(at)).isEqualTo((int) expected(at, 4));
          }
          if (at + 8 <= TOTAL) {
            assertThat(chain.readLong(at)).isEqualTo(expected(at, 8));
          }
        }
        done();
      }
    }
  }

  @Test
  void bytesAreCopiedOutFromAnyPositionInAnyLength() {
    for (int a = 0; a <= TOTAL; a += 3) {
      for (int b = a; b <= TOTAL; b++) {
        Chain chain = chain(a, b);
        for (int at = 0; at <= TOTAL + 1; at++) {
          for (int len = 0; len <= TOTAL + 2; len++) {
            copy.fill((byte) 0x55);
            int n = chain.read(at, copy, 1, len);
            assertThat(n).isEqualTo(Math.min(len, Math.max(TOTAL - at, 0)));
            for (int i = 0; i < n; i++) {
              assertThat(copy.get(ValueLayout.JAVA_BYTE, 1 + i) & 0xff).isEqualTo(value(at + i));
            }
            assertThat(copy.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x55);
            assertThat(copy.get(ValueLayout.JAVA_BYTE, 1 + n)).isEqualTo((byte) 0x55);
          }
        }
        done();
      }
    }
  }

  @Test
  void bytesAreCopiedInAtAnyPositionInAnyLengthAndNowhereElse() {
    for (int i = 0; i < copy.byteSize(); i++) {
      copy.set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
    }
    for (int a = 0; a <= TOTAL; a += 3) {
      for (int b = a; b <= TOTAL; b++) {
        for (int at = 0; at <= TOTAL + 1; at += 2) {
          for (int len = 0; len <= TOTAL + 2; len += 3) {
            Chain chain = chain(a, b);
            int n = chain.write(at, copy, 1, len);
            assertThat(n).isEqualTo(Math.min(len, Math.max(TOTAL - at, 0)));
            byte[] all = written();
            for (int i = 0; i < TOTAL; i++) {
              assertThat(all[i]).isEqualTo((byte) (i >= at && i < at + n ? i - at + 2 : 0));
            }
            assertThat(chain.readByte(TOTAL - 1)).isEqualTo(value(TOTAL - 1));
            done();
          }
        }
      }
    }
  }

  @Test
  void aByteIsSetAtAnyPositionOfTheWritablePart() {
    for (int a = 0; a <= TOTAL; a++) {
      for (int at = 0; at < TOTAL; at++) {
        Chain chain = chain(a, TOTAL);
        chain.writeByte(at, 0x1ff);
        byte[] all = written();
        for (int i = 0; i < TOTAL; i++) {
          assertThat(all[i]).isEqualTo((byte) (i == at ? 0xff : 0));
        }
        done();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {TOTAL, TOTAL + 1, -1, -8, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void fieldsOutsideTheChainAreRefused(int at) {
    for (int cut = 0; cut <= TOTAL; cut += 5) {
      Chain chain = chain(cut, cut);
      refused(() -> chain.readByte(at));
      refused(() -> chain.readShort(at));
      refused(() -> chain.readInt(at));
      refused(() -> chain.readLong(at));
      refused(() -> chain.writeByte(at, 1));
      if (at < 0) {
        refused(() -> chain.read(at, copy, 0, 4));
        refused(() -> chain.write(at, copy, 0, 4));
      } else {
        assertThat(chain.read(at, copy, 0, 4)).isZero();
        assertThat(chain.write(at, copy, 0, 4)).isZero();
      }
      assertThat(written()).containsOnly(0);
      done();
    }
  }

  @Test
  void fieldsThatRunOverTheEndAreRefused() {
    for (int cut = 0; cut <= TOTAL; cut++) {
      Chain chain = chain(cut, TOTAL);
      refused(() -> chain.readShort(TOTAL - 1));
      refused(() -> chain.readInt(TOTAL - 3));
      refused(() -> chain.readLong(TOTAL - 7));
      done();
    }
  }

  private static void refused(Runnable access) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(access::run);
  }

  @Test
  void aChainWithoutReadablePartHasNothingToRead() {
    half.ring.desc(0, half.buffers(), 8, WRITE, 0);
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    refused(() -> half.chain.readByte(0));
    refused(() -> half.chain.readLong(0));
    assertThat(half.chain.read(0, copy, 0, 8)).isZero();
    assertThat(half.chain.write(0, copy, 0, 100)).isEqualTo(8);
  }

  @Test
  void aChainWithoutWritablePartTakesNothing() {
    half.ring.desc(0, half.buffers(), 8, 0, 0);
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    refused(() -> half.chain.writeByte(0, 1));
    assertThat(half.chain.write(0, copy, 0, 8)).isZero();
    assertThat(half.chain.readLong(0)).isZero();
  }

  @Test
  void aChainIsNotCompletedTwice() {
    Chain chain = chain(4, 8);
    half.queue.complete(chain, 1);
    assertThatIllegalStateException().isThrownBy(() -> half.queue.complete(chain, 1));
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isOne();
  }

  @Test
  void aHeldChainKeepsItsPiecesUntilItIsCompleted() {
    Chain held = new Chain();
    half.ring.desc(0, half.buffers(), 4, WRITE, 0).desc(1, half.buffers() + 64, 4, WRITE, 0);
    half.ring.offer(0);
    half.ring.offer(1);
    assertThat(half.queue.peek(held)).isTrue();
    half.queue.hold(held);
    assertThat(half.serve(2)).isTrue();
    assertThat(half.serve(0)).isFalse();
    held.writeByte(3, 9);
    half.queue.complete(held, 4);
    half.burst.publish();

    assertThat(half.ring.usedIdx()).isEqualTo(2);
    assertThat(half.ring.usedId(0)).isOne();
    assertThat(half.ring.usedLen(0)).isEqualTo(2);
    assertThat(half.ring.usedId(1)).isZero();
    assertThat(half.ring.usedLen(1)).isEqualTo(4);
    assertThat(half.memory.get(half.buffers() + 3)).isEqualTo(9);
  }

  @BeforeEach
  void zero() {
    half.memory.segment(0).asSlice(half.buffers() - 0x4000_0000L).fill((byte) 0);
  }
}
