package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/// The data path allocates nothing: measured by the JVM over a million frames after a warm-up.
class SteadyStateAllocationTest {
  private static final int WARM_UP = 200_000;
  private static final int FRAMES = 1_000_000;
  private static final int ROUNDS = 3;
  private static final long A = 0x5254_0000_000AL;
  private static final long B = 0x5254_0000_000BL;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void forwardingToAStationOfTheSameLoopAllocatesNothing() {
    L2Switch lan = new L2Switch("lan");
    MemorySegment receive = Arena.ofAuto().allocate(2048);
    Port copying =
        frame -> {
          frame.copyTo(receive, 0);
          return Delivery.DELIVERED;
        };
    SwitchPort a = lan.attach("a", copying);
    SwitchPort b = lan.attach("b", copying);
    lan.attach("c", copying);
    lan.forward(b, TestFrames.frame(A, B, 60), 0);
    MemorySegment toB = TestFrames.memory(B, A, 1514);
    MemorySegment toAll = TestFrames.memory(MacAddress.BROADCAST, A + 0x100, 1514);
    Frame frame = new Frame();
    int frames =
        assertNothingAllocated(i -> {
          frame.reset();
          frame.add((i & 7) == 0 ? toAll : toB, 0, 60 + (i & 1023));
          lan.forward(a, frame, i * 1000L);
        });
    assertThat(b.counters().snapshot().egressFrames()).isEqualTo(frames);
  }

  @Test
  void handingOverToAnotherLoopAllocatesNothing() {
    L2Switch lan = new L2Switch("lan");
    SwitchPort a = lan.attach("a", frame -> Delivery.LINK_DOWN);
    try (FrameInbox inbox = new FrameInbox(64, 2048)) {
      SwitchPort b = lan.attach("b", inbox::offer);
      MemorySegment receive = Arena.ofAuto().allocate(2048);
      FrameConsumer consumer =
          frame -> {
            frame.copyTo(receive, 0);
            b.count(Delivery.DELIVERED, frame.length());
          };
      MemorySegment toB = TestFrames.memory(B, A, 1514);
      Frame frame = new Frame();
      int frames =
          assertNothingAllocated(i -> {
            frame.reset();
            frame.add(toB, 0, 700);
            frame.add(toB, 700, 60 + (i & 511));
            lan.forward(a, frame, i * 1000L);
            if ((i & 31) == 0) {
              inbox.drain(64, consumer);
            }
          });
      inbox.drain(64, consumer);
      assertThat(b.counters().snapshot().egressFrames()).isEqualTo(frames);
    }
  }

  @Test
  void refusingBecauseTheInboxIsFullAllocatesNothing() {
    try (FrameInbox inbox = new FrameInbox(2, 2048)) {
      Frame frame = TestFrames.frame(B, A, 60);
      int[] full = new int[1];
      int frames =
          assertNothingAllocated(i -> {
            if (inbox.offer(frame) == Delivery.QUEUE_FULL) {
              full[0]++;
            }
          });
      assertThat(full[0]).isEqualTo(frames - 2);
    }
  }

  /// One clean round of a million is enough: a single object of the JVM's own, made when it
  /// replaces compiled code, may fall into any round; an allocation per frame or per burst spoils
  /// them all.
  private static int assertNothingAllocated(IntConsumer step) {
    long thread = Thread.currentThread().threadId();
    int frames = 0;
    while (frames < WARM_UP) {
      step.accept(frames++);
    }
    long allocated = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS && allocated != 0; round++) {
      long before = THREADS.getThreadAllocatedBytes(thread);
      for (int i = 0; i < FRAMES; i++) {
        step.accept(frames++);
      }
      allocated = THREADS.getThreadAllocatedBytes(thread) - before;
    }
    assertThat(allocated).isZero();
    return frames;
  }
}
