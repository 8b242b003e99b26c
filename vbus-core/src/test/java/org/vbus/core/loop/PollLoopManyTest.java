package org.vbus.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A loop with more queues than are worth a look in every pass.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PollLoopManyTest {
  private static final int MANY = 1000;
  private static final int ROUND = Math.ceilDiv(MANY, Roster.SLICE);

  private final List<Queue> queues = new ArrayList<>();
  private PollLoop loop = new PollLoop("many", new ParkWaiter(), Idle.BLOCK);

  @AfterEach
  void close() {
    loop.close();
  }

  /// Work that other threads make and the loop does.
  private static final class Queue implements Pollable {
    final AtomicInteger waiting = new AtomicInteger();
    final AtomicLong done = new AtomicLong();
    int polls;
    int arms;
    volatile boolean armed;

    @Override
    public int poll(int budget) {
      polls++;
      int n = Math.min(waiting.get(), budget);
      waiting.addAndGet(-n);
      done.addAndGet(n);
      return n;
    }

    @Override
    public void arm() {
      arms++;
      armed = true;
    }

    @Override
    public void disarm() {
      armed = false;
    }
  }

  private void queues(int number) {
    for (int i = 0; i < number; i++) {
      Queue queue = new Queue();
      queues.add(queue);
      loop.add(queue);
    }
  }

  private void passes(int number) {
    for (int i = 0; i < number; i++) {
      int _ = loop.doWork();
    }
  }

  @Test
  void aFewArePolledInEveryPass() {
    queues(Roster.FEW);
    passes(10);
    assertThat(queues).allMatch(queue -> queue.polls == 10);
  }

  @Test
  void idleOnesCostAPassNoMoreThanASlice() {
    queues(MANY);
    Queue busy = queues.get(777);
    busy.waiting.set(1 << 30);
    passes(ROUND);
    int found = busy.polls;
    assertThat(found).isPositive();
    long before = polls();

    passes(100);
    assertThat(busy.polls - found).isEqualTo(100);
    assertThat(polls() - before).isLessThanOrEqualTo(100L * (Roster.SLICE + 1));
  }

  private long polls() {
    return queues.stream().mapToLong(queue -> queue.polls).sum();
  }

  @Test
  void everyIdleOneGetsItsTurnWhileOthersWork() {
    queues(MANY);
    queues.get(0).waiting.set(1 << 30);
    queues.get(500).waiting.set(1 << 30);
    passes(ROUND + 1);
    assertThat(queues).allMatch(queue -> queue.polls > 0);
  }

  @Test
  void allThatWorkArePolledInEveryPass() {
    queues(MANY);
    queues.forEach(queue -> queue.waiting.set(1 << 30));
    passes(ROUND);
    queues.forEach(queue -> queue.polls = 0);
    assertThat(loop.doWork()).isEqualTo(MANY * PollLoop.BUDGET);
    assertThat(queues).allMatch(queue -> queue.polls == 1);
  }

  @Test
  void whatIsLeftAfterARemovalIsPolledAndNothingElse() {
    queues(MANY);
    queues.forEach(queue -> queue.waiting.set(1 << 30));
    passes(ROUND);
    List<Queue> gone = new ArrayList<>();
    for (int i = MANY - 1; i >= 0; i -= 3) {
      Queue queue = queues.remove(i);
      loop.remove(queue);
      gone.add(queue);
    }
    queues.forEach(queue -> queue.polls = 0);
    gone.forEach(queue -> queue.polls = 0);
    passes(2);
    assertThat(queues).allMatch(queue -> queue.polls == 2);
    assertThat(gone).allMatch(queue -> queue.polls == 0);
  }

  @Test
  void aLoopThatFallsAsleepAgainAsksOnlyThoseThatHadWork() throws InterruptedException {
    queues(MANY);
    loop.start();
    awaitAsleep();
    Queue worked = queues.get(123);
    for (int i = 1; i <= 20; i++) {
      worked.waiting.set(1);
      loop.wake();
      await(worked, i);
      awaitAsleep();
    }
    loop.close();
    assertThat(worked.arms).isGreaterThanOrEqualTo(20);
    assertThat(queues).filteredOn(queue -> queue != worked).allMatch(queue -> queue.arms == 1);
    assertThat(queues).allMatch(queue -> queue.armed);
  }

  private void awaitAsleep() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!queues.stream().allMatch(queue -> queue.armed)) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  private static void await(Queue queue, long done) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (queue.done.get() < done) {
      assertThat(System.nanoTime()).as("slept over request %s", done).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void noWakeOfAnyIsLost() {
    queues(MANY);
    loop.start();
    long[] expected = new long[MANY];
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = 0; i < 5_000; i++) {
      int number = random.nextInt(MANY);
      Queue queue = queues.get(number);
      queue.waiting.incrementAndGet();
      // The driver's half of the sleep protocol: published, fence (the update above), wanted?
      if (queue.armed) {
        loop.wake();
      }
      await(queue, ++expected[number]);
      // The next one comes while the loop arms, looks again, or sleeps.
      long until = System.nanoTime() + random.nextInt(i % 2 == 0 ? 1_000 : 100_000);
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
    }
  }

  /// A queue that stayed asked while there were many has work when there are few: what it was asked
  /// for before says nothing about its next request.
  @Test
  void aQueueThatWorksAfterManyBecameFewIsAskedAgain() throws InterruptedException {
    queues(Roster.FEW + 1);
    loop.start();
    awaitAsleep();
    Queue worked = queues.getFirst();
    int arms = worked.arms;
    loop.execute(() -> {
      loop.remove(queues.removeLast());
      worked.waiting.set(1);
    });
    await(worked, 1);
    awaitAsleep();
    loop.close();
    assertThat(worked.arms).isGreaterThan(arms);
  }
}
