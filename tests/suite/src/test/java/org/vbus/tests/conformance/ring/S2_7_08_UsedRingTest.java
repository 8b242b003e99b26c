package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.Chain;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DeviceHalf;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.RawRing;

class S2_7_08_UsedRingTest {
  private static final int ROUNDS = 20_000;

  @Test
  @Clause("2.7.8.2-D1")
  void completionsStayInvisibleUntilTheBurstIsPublished() {
    DeviceHalf half = new DeviceHalf(8, 0);
    half.ring.desc(3, half.buffers(), 100, RawRing.WRITE, 0);
    half.ring.desc(5, half.buffers(), 100, RawRing.WRITE, 0);
    half.ring.offer(5);
    half.ring.offer(3);
    assertThat(half.serve(77)).isTrue();
    assertThat(half.serve(88)).isTrue();
    assertThat(half.ring.usedIdx()).isZero();
    assertThat(half.ring.usedLen(0)).isEqualTo(77);
    assertThat(half.ring.usedLen(1)).isEqualTo(88);
    half.burst.publish();
    assertThat(half.ring.usedIdx()).isEqualTo(2);
    assertThat(half.ring.usedId(0)).isEqualTo(5);
    assertThat(half.ring.usedId(1)).isEqualTo(3);
  }

  /// The device writes the number of the round into the buffer and into `len`; another thread that
  /// sees the index move must see both.
  @Test
  @Clause({"2.7.8.2-D1", "2.7.8.2-D2"})
  void whoeverSeesTheIndexMoveSeesLengthAndBytes() throws Exception {
    DeviceHalf half = new DeviceHalf(1, 0);
    half.ring.desc(0, half.buffers(), 4096, RawRing.WRITE, 0);
    long[] wrong = new long[1];
    Thread observer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 1; i <= ROUNDS; i++) {
                while (half.ring.usedIdx() != (i & 0xffff)) {
                  if (Thread.interrupted()) {
                    wrong[0] = -i;
                    return;
                  }
                  Thread.onSpinWait();
                }
                if (half.ring.usedLen(i - 1) != (i & 0xfff)
                    || half.memory.get(half.buffers() + (i & 0xfff)) != (i & 0xff)) {
                  wrong[0]++;
                }
                half.ring.offer(0);
              }
            });
    half.ring.offer(0);
    Chain chain = half.chain;
    for (int i = 1; i <= ROUNDS && observer.isAlive(); ) {
      if (half.queue.peek(chain)) {
        chain.writeByte(i & 0xfff, i);
        half.queue.complete(chain, i & 0xfff);
        half.burst.publish();
        i++;
      } else {
        Thread.onSpinWait();
      }
    }
    observer.join(20_000);
    observer.interrupt();
    observer.join();
    assertThat(wrong[0]).isZero();
  }

  @Test
  @Clause("2.7.8.2-D3")
  void aDeviceMayWriteMoreThanItReports() {
    DeviceHalf half = new DeviceHalf(2, 0);
    half.ring.desc(0, half.buffers(), 16, RawRing.WRITE, 0);
    half.ring.offer(0);
    assertThat(half.queue.peek(half.chain)).isTrue();
    assertThat(half.chain.write(0, MemorySegment.ofArray(new byte[] {1, 2, 3, 4}), 0, 4))
        .isEqualTo(4);
    half.queue.complete(half.chain, 2);
    half.burst.publish();
    assertThat(half.ring.usedLen(0)).isEqualTo(2);
    assertThat(half.memory.get(half.buffers() + 3)).isEqualTo(4);
  }

  @Test
  void chainsComeBackInTheOrderInWhichTheDeviceFinishesThem() {
    DeviceHalf half = new DeviceHalf(4, 0);
    Chain[] held = {new Chain(), new Chain(), new Chain()};
    for (int i = 0; i < 3; i++) {
      half.ring.desc(i, half.buffers() + i, 1, RawRing.WRITE, 0);
      half.ring.offer(i);
      assertThat(half.queue.peek(held[i])).isTrue();
      half.queue.hold(held[i]);
    }
    for (int i : new int[] {1, 2, 0}) {
      half.queue.complete(held[i], 10 + i);
    }
    half.burst.publish();
    assertThat(half.ring.usedId(0)).isEqualTo(1);
    assertThat(half.ring.usedId(1)).isEqualTo(2);
    assertThat(half.ring.usedId(2)).isEqualTo(0);
    assertThat(half.ring.usedLen(2)).isEqualTo(10);
    assertThat(half.signals()).isOne();
  }

  @Test
  @Clause("2.7.8.3-R1")
  void theDriverReportsTheLengthTheDeviceGaveAndNotThatOfTheBuffer() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    for (int len : new int[] {8, 0, 3, 1}) {
      half.add(len);
      boolean _ = half.queue.publish();
      half.ring.use(half.ring.availElement(half.ring.availIdx() - 1), len);
      assertThat(half.queue.nextUsed()).isEqualTo(len);
      assertThat(half.queue.usedLength()).isEqualTo(len);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 0x10000, -1, Integer.MIN_VALUE})
  void theDriverRefusesAChainItDidNotOffer(int id) {
    DriverHalf half = new DriverHalf(4, 0, 0);
    half.add(0);
    half.add(1);
    boolean _ = half.queue.publish();
    half.ring.use(id, 0);
    assertThatIllegalStateException().isThrownBy(half.queue::nextUsed);
  }

  @Test
  void theDriverRefusesAChainThatComesBackTwice() {
    DriverHalf half = new DriverHalf(4, 0, 0);
    half.add(0);
    half.add(1);
    boolean _ = half.queue.publish();
    half.ring.use(0, 0);
    half.ring.use(0, 0);
    assertThat(half.queue.nextUsed()).isZero();
    assertThatIllegalStateException().isThrownBy(half.queue::nextUsed);
    assertThat(half.queue.free()).isEqualTo(3);
  }
}
