package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.core.ring.RingFault.*;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.RingFault;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.RawRing;

/// A second processor of the guest flips one field between honest and hostile while the device
/// reads it: each request is either right or the right fault, and nothing outside is touched.
class ChangedWhileReadTest {
  private static final int SIZE = 8;
  private static final int LEAST = 20_000;
  private static final int EACH = 100;
  private static final long END = GuardedMemory.BASE + (1 << 16);

  /// The honest chain: 8 bytes readable, then a table with 16 bytes writable.
  private static void honest(RawRing ring, long buffer) {
    ring.desc(0, buffer, 8, NEXT, 1).desc(1, buffer + 4096, 16, INDIRECT, 0);
    ring.desc(buffer + 4096, 0, buffer + 8192, 16, WRITE, 0);
    heads(ring, 0);
  }

  private static void heads(RawRing ring, int head) {
    for (int i = 0; i < SIZE; i++) {
      ring.availElement(i, head);
    }
  }

  /// What flips, and what the device may find when it sees the hostile value.
  enum Flip {
    ADDRESS(ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, END - 4, 8, NEXT, 1);
      }
    },
    ADDRESS_FAR(ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, -4, 8, NEXT, 1);
      }
    },
    LENGTH(ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, buffer, 1 << 20, NEXT, 1);
      }
    },
    LENGTH_ZERO(ZERO_LENGTH) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, buffer, 0, NEXT, 1);
      }
    },
    LENGTH_NEGATIVE(LENGTH_OVERFLOW) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, buffer, 0xffff_ffffL, NEXT, 1);
      }
    },
    FLAGS(INDIRECT_WITH_NEXT) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, buffer, 8, NEXT | INDIRECT, 1);
      }
    },
    LINK(NEXT_OUT_OF_RANGE, CHAIN_LOOP) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(0, buffer, 8, NEXT, 0).desc(0, buffer, 8, NEXT, SIZE);
      }
    },
    TABLE_ADDRESS(ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(1, END - 8, 16, INDIRECT, 0);
      }
    },
    TABLE_LENGTH(INDIRECT_BAD_LENGTH, ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(1, buffer + 4096, 17, INDIRECT, 0).desc(1, buffer + 4096, 1 << 30, INDIRECT, 0);
      }
    },
    IN_TABLE(ADDRESS_OUTSIDE_MEMORY) {
      @Override
      void hostile(RawRing ring, long buffer) {
        ring.desc(buffer + 4096, 0, END - 8, 16, WRITE, 0);
      }
    },
    HEAD(HEAD_OUT_OF_RANGE) {
      @Override
      void hostile(RawRing ring, long buffer) {
        heads(ring, 0xffff);
      }
    };

    private final RingFault fault;
    private final RingFault other;

    Flip(RingFault fault) {
      this(fault, fault);
    }

    Flip(RingFault fault, RingFault other) {
      this.fault = fault;
      this.other = other;
    }

    abstract void hostile(RawRing ring, long buffer);
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  void everyRequestIsRightOrTheRightFault(Flip flip) throws Exception {
    GuardedMemory memory = new GuardedMemory(1 << 16);
    DeviceHalf half = new DeviceHalf(memory, SIZE, 0);
    RawRing ring = half.ring;
    long buffer = half.buffers();
    honest(ring, buffer);
    Thread liar =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                honest(ring, buffer);
                dwell(i * 7 % 31);
                flip.hostile(ring, buffer);
                dwell(i * 5 % 29);
              }
            });
    try {
      int right = 0;
      int wrong = 0;
      MemorySegment copy = MemorySegment.ofArray(new byte[64]);
      while (right + wrong < LEAST || right < EACH || wrong < EACH) {
        int used = ring.usedIdx();
        ring.availIdx(used + 1);
        if (half.queue.peek(half.chain)) {
          use(half.chain, copy, memory);
          assertThat(flip == Flip.LINK || half.chain.readable() == 8).isTrue();
          half.queue.complete(half.chain, half.chain.writable());
          half.burst.publish();
          assertThat(ring.usedIdx()).isEqualTo(used + 1 & 0xffff);
          right++;
        } else {
          assertThat(half.queue.fault()).isIn(flip.fault, flip.other);
          half.burst.publish();
          assertThat(ring.usedIdx()).isEqualTo(used);
          half.reset();
          wrong++;
        }
      }
    } finally {
      liar.interrupt();
      liar.join();
    }
    assertThat(memory.guardsIntact()).isTrue();
  }

  private static void dwell(int spins) {
    VarHandle.fullFence();
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
  }

  /// The pieces the device was given are those that were checked, whatever the table says by now.
  private static void use(Chain chain, MemorySegment copy, GuardedMemory memory) {
    assertThat(chain.readable() % 8).isZero();
    assertThat(chain.pieces()).isEqualTo(chain.readable() / 8 + 1);
    assertThat(chain.writable()).isEqualTo(16);
    for (int i = 0; i < chain.pieces(); i++) {
      assertThat(chain.segment(i)).isSameAs(memory.segment(0));
      assertThat(chain.offset(i)).isNotNegative();
      assertThat(chain.offset(i) + chain.length(i)).isLessThanOrEqualTo(1 << 16);
    }
    assertThat(chain.read(0, copy, 0, 64)).isEqualTo(chain.readable());
    assertThat(chain.write(0, copy, 0, 64)).isEqualTo(16);
  }
}
