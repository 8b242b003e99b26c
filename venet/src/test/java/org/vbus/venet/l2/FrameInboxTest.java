package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class FrameInboxTest {
  private static final long A = 0x5254_0000_000AL;
  private static final long B = 0x5254_0000_000BL;

  @Test
  void handsOverCopiesInOrder() {
    try (FrameInbox inbox = new FrameInbox(8, 9000)) {
      MemorySegment memory = TestFrames.memory(A, B, 1500);
      Frame frame = new Frame();
      List<byte[]> sent = new ArrayList<>();
      for (int length : new int[] {60, 14, 1500, 100}) {
        frame.reset();
        frame.add(memory, 0, 10);
        frame.add(memory, 10, length - 10);
        sent.add(TestFrames.bytes(frame));
        assertThat(inbox.offer(frame)).isEqualTo(Delivery.QUEUED);
      }
      memory.fill((byte) 0); // the sender's memory is the sender's again
      List<byte[]> received = new ArrayList<>();
      assertThat(inbox.drain(100, each -> received.add(TestFrames.bytes(each)))).isEqualTo(4);
      assertThat(received).usingElementComparator(java.util.Arrays::compare).isEqualTo(sent);
      assertThat(inbox.isEmpty()).isTrue();
    }
  }

  @Test
  void refusesRatherThanWaits() {
    try (FrameInbox inbox = new FrameInbox(4, 1514)) {
      Frame frame = TestFrames.frame(A, B, 60);
      for (int i = 0; i < 4; i++) {
        assertThat(inbox.offer(frame)).isEqualTo(Delivery.QUEUED);
      }
      assertThat(inbox.offer(frame)).isEqualTo(Delivery.QUEUE_FULL);
      assertThat(inbox.drain(1, each -> {})).isEqualTo(1);
      assertThat(inbox.offer(frame)).isEqualTo(Delivery.QUEUED);
      assertThat(inbox.offer(frame)).isEqualTo(Delivery.QUEUE_FULL);
    }
  }

  @Test
  void refusesAFrameThatIsTooBig() {
    try (FrameInbox inbox = new FrameInbox(4, 1514)) {
      assertThat(inbox.offer(TestFrames.frame(A, B, 1515))).isEqualTo(Delivery.TOO_BIG);
      assertThat(inbox.offer(TestFrames.frame(A, B, 1514))).isEqualTo(Delivery.QUEUED);
      assertThat(inbox.drain(10, each -> {})).isEqualTo(1);
    }
  }

  @Test
  void drainsNoMoreThanAsked() {
    try (FrameInbox inbox = new FrameInbox(8, 1514)) {
      for (int i = 0; i < 5; i++) {
        inbox.offer(TestFrames.frame(A, B, 60 + i));
      }
      List<Integer> lengths = new ArrayList<>();
      assertThat(inbox.drain(0, each -> lengths.add(each.length()))).isZero();
      assertThat(inbox.drain(2, each -> lengths.add(each.length()))).isEqualTo(2);
      assertThat(inbox.isEmpty()).isFalse();
      assertThat(inbox.drain(10, each -> lengths.add(each.length()))).isEqualTo(3);
      assertThat(inbox.drain(10, each -> lengths.add(each.length()))).isZero();
      assertThat(lengths).containsExactly(60, 61, 62, 63, 64);
    }
  }

  @Test
  void allocatesOnFirstUseAndReturnsEverythingOnClose() {
    FrameInbox inbox = new FrameInbox(8, 65_550);
    assertThat(inbox.buffers()).isZero();
    for (int i = 0; i < 3; i++) {
      inbox.offer(TestFrames.frame(A, B, 60));
    }
    assertThat(inbox.buffers()).isEqualTo(3);
    for (int i = 0; i < 50; i++) {
      inbox.drain(8, each -> {});
      inbox.offer(TestFrames.frame(A, B, 60_000));
    }
    assertThat(inbox.buffers()).isEqualTo(8);
    inbox.close();
    assertThat(inbox.buffers()).isZero();
    inbox.close();
  }

  @Test
  void oneThatWasNeverUsedIsEmptyAndClosedForGoodToo() {
    FrameInbox inbox = new FrameInbox(8, 1514);
    assertThat(inbox.isEmpty()).isTrue();
    assertThat(inbox.drain(10, each -> {})).isZero();
    inbox.close();
    assertThat(inbox.offer(TestFrames.frame(A, B, 60))).isEqualTo(Delivery.LINK_DOWN);
    assertThat(inbox.isEmpty()).isTrue();
    assertThat(inbox.buffers()).isZero();
  }

  @Test
  void isClosedForGood() {
    FrameInbox inbox = new FrameInbox(8, 1514);
    inbox.offer(TestFrames.frame(A, B, 60));
    inbox.close();
    assertThat(inbox.offer(TestFrames.frame(A, B, 60))).isEqualTo(Delivery.LINK_DOWN);
    assertThat(inbox.isEmpty()).isTrue();
    assertThat(inbox.drain(10, each -> {})).isZero();
    assertThat(inbox.buffers()).isZero();
  }

  @Test
  void refusesImpossibleSizes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FrameInbox(100, 1514))
        .withMessage("inbox of 100 slots: expected a power of two");
    assertThatIllegalArgumentException().isThrownBy(() -> new FrameInbox(0, 1514));
    assertThatIllegalArgumentException().isThrownBy(() -> new FrameInbox(8, 13));
  }

  /// Each frame carries its producer and a number, and is filled with it.
  @Test
  void losesAndMixesNothingBetweenTwoProducers() throws Exception {
    int frames = 50_000;
    int[] next = new int[2];
    AtomicInteger wrong = new AtomicInteger();
    FrameConsumer check =
        frame -> {
          int producer = (int) frame.source() & 1;
          int number = (int) frame.destination();
          boolean inOrder = number == next[producer]++;
          MemorySegment memory = frame.segment(0);
          long last = frame.offset(0) + frame.length() - 1;
          boolean whole = memory.get(ValueLayout.JAVA_BYTE, last) == (byte) number;
          if (!inOrder || !whole || frame.length() != length(number)) {
            wrong.getAndIncrement();
          }
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(2);
        FrameInbox inbox = new FrameInbox(256, 1514)) {
      List<Future<?>> producers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        int producer = i;
        producers.add(
            threads.submit(() -> {
              MemorySegment memory = TestFrames.memory(0, producer, 1514);
              Frame frame = new Frame(1);
              for (int number = 0; number < frames; number++) {
                int length = length(number);
                TestFrames.setAddresses(memory, number, producer);
                memory.set(ValueLayout.JAVA_BYTE, length - 1, (byte) number);
                frame.reset();
                frame.add(memory, 0, length);
                while (inbox.offer(frame) == Delivery.QUEUE_FULL) {
                  LockSupport.parkNanos(1_000);
                }
              }
            }));
      }
      int received = 0;
      while (received < 2 * frames) {
        int drained = inbox.drain(32, check);
        received += drained;
        if (drained == 0) {
          LockSupport.parkNanos(1_000);
        }
      }
      for (Future<?> producer : producers) {
        producer.get(30, TimeUnit.SECONDS);
      }
      assertThat(inbox.drain(32, check)).isZero();
    }
    assertThat(next).containsExactly(frames, frames);
    assertThat(wrong).hasValue(0);
  }

  @Test
  void closesSafelyUnderAProducerThatDoesNotKnowYet() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      for (int i = 0; i < 50; i++) {
        FrameInbox inbox = new FrameInbox(16, 1514);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger offered = new AtomicInteger();
        Future<?> producer =
            threads.submit(() -> {
              Frame frame = TestFrames.frame(A, B, 1514);
              while (!stop.get()) {
                inbox.offer(frame);
                offered.getAndIncrement();
              }
            });
        while (offered.get() < 20) {
          inbox.drain(4, each -> {});
        }
        inbox.close();
        int atClose = offered.get();
        while (offered.get() < atClose + 20) {
          LockSupport.parkNanos(1_000);
        }
        stop.set(true);
        producer.get(30, TimeUnit.SECONDS);
        assertThat(inbox.buffers()).isZero();
      }
    }
  }

  private static int length(int number) {
    return 60 + number % 1400;
  }
}
