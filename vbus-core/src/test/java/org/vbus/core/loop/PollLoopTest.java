package org.vbus.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ledger.Event;

/// Commands, hand-over, failures, sleep and end of a poll loop.
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PollLoopTest {
  private final List<PollLoop> loops = new ArrayList<>();

  @AfterEach
  void close() {
    loops.forEach(PollLoop::close);
  }

  private PollLoop stepped() {
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.BLOCK);
    loops.add(loop);
    return loop;
  }

  private PollLoop started(Idle idle) {
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), idle);
    loops.add(loop);
    loop.start();
    return loop;
  }

  /// Work that other threads make and the loop does, as a queue with kicks.
  private static class Inbox implements Pollable {
    final AtomicInteger waiting = new AtomicInteger();
    final AtomicLong done = new AtomicLong();
    final AtomicInteger polls = new AtomicInteger();
    volatile boolean armed;

    @Override
    public int poll(int budget) {
      polls.incrementAndGet();
      int n = Math.min(waiting.get(), budget);
      waiting.addAndGet(-n);
      done.addAndGet(n);
      return n;
    }

    @Override
    public void arm() {
      armed = true;
    }

    @Override
    public void disarm() {
      armed = false;
    }
  }

  @Test
  void aLoopThatWasNotStartedIsSteppedByItsCaller() {
    PollLoop loop = stepped();
    Inbox inbox = new Inbox();
    loop.add(inbox);
    inbox.waiting.set(100);

    assertThat(loop.doWork()).isEqualTo(PollLoop.BUDGET);
    assertThat(loop.doWork()).isEqualTo(100 - PollLoop.BUDGET);
    assertThat(loop.doWork()).isZero();
    loop.remove(inbox);
    inbox.waiting.set(1);
    assertThat(loop.doWork()).isZero();
  }

  @Test
  void everyPollableIsFirstInTurn() {
    PollLoop loop = stepped();
    StringBuilder order = new StringBuilder();
    for (String name : List.of("a", "b", "c")) {
      loop.add(budget -> {
        order.append(name);
        return 0;
      });
    }
    for (int i = 0; i < 4; i++) {
      loop.doWork();
    }

    assertThat(order).hasToString("abc" + "bca" + "cab" + "abc");
  }

  @Test
  void commandsRunOnTheOwnerWhoeverSendsThem() throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    Thread[] owner = new Thread[1];
    loop.execute(() -> owner[0] = Thread.currentThread());
    assertThat(owner[0].getName()).isEqualTo("loop");
    assertThat(loop.inLoop()).isFalse();

    ConcurrentLinkedQueue<Thread> seen = new ConcurrentLinkedQueue<>();
    int[] unguarded = new int[1];
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      senders.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int n = 0; n < 5_000; n++) {
                  loop.execute(() -> {
                    unguarded[0]++;
                    seen.add(Thread.currentThread());
                  });
                }
              }));
    }
    for (Thread sender : senders) {
      sender.join();
    }

    assertThat(unguarded[0]).isEqualTo(20_000);
    assertThat(seen).containsOnly(owner[0]);
  }

  @Test
  void aCommandMayUseTheLoopItRunsOn() throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    Inbox inbox = new Inbox();
    loop.execute(() -> {
      assertThat(loop.inLoop()).isTrue();
      loop.add(inbox);
      loop.execute(() -> inbox.waiting.set(3));
    });
    awaitTrue(() -> inbox.done.get() == 3);
  }

  @Test
  void aCommandThatFailsFailsItsCallerAndNobodyElse() {
    PollLoop loop = started(Idle.BLOCK);
    IllegalArgumentException why = new IllegalArgumentException("no");

    assertThatIllegalStateException()
        .isThrownBy(() ->
            loop.execute(() -> {
              throw why;
            }))
        .withCause(why);
    AtomicBoolean ran = new AtomicBoolean();
    loop.execute(() -> ran.set(true));
    assertThat(ran).isTrue();
  }

  @Test
  void anInterruptOfTheCallerDoesNotEndTheHandshake() throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    CountDownLatch running = new CountDownLatch(1);
    AtomicBoolean finished = new AtomicBoolean();
    AtomicBoolean finishedBeforeReturn = new AtomicBoolean();
    AtomicBoolean stillInterrupted = new AtomicBoolean();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              loop.execute(() -> {
                running.countDown();
                LockSupport.parkNanos(50_000_000);
                finished.set(true);
              });
              finishedBeforeReturn.set(finished.get());
              stillInterrupted.set(Thread.currentThread().isInterrupted());
            });
    running.await();
    caller.interrupt();
    caller.join();

    assertThat(finishedBeforeReturn).isTrue();
    assertThat(stillInterrupted).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2_000, 50_000})
  void noWakeIsLost(long spinNanos) throws InterruptedException {
    PollLoop loop = started(new Idle(Duration.ofNanos(spinNanos)));
    Inbox inbox = new Inbox();
    loop.add(inbox);
    for (int i = 1; i <= 6_000; i++) {
      inbox.waiting.incrementAndGet();
      // The driver's half of the sleep protocol: published, fence (the update above), wanted?
      if (inbox.armed) {
        loop.wake();
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (inbox.done.get() < i) {
        assertThat(System.nanoTime()).as("slept over request %s", i).isLessThan(deadline);
        Thread.onSpinWait();
      }
      // The next one comes while the loop spins, arms, looks again, or sleeps.
      pause(ThreadLocalRandom.current().nextInt(i % 2 == 0 ? 1_000 : (int) spinNanos + 2_000));
    }
  }

  private static void pause(int nanos) {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aSleepingLoopAsksForKicksAndAPollingOneDoesNot() throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    Inbox inbox = new Inbox();
    loop.add(inbox);
    awaitTrue(() -> inbox.armed);
    long wakes = loop.ledger().get(Event.WAKES);
    int polls = inbox.polls.get();
    Thread.sleep(20);
    assertThat(inbox.polls).as("it sleeps").hasValueLessThanOrEqualTo(polls + 2);

    AtomicBoolean armedWhilePolling = new AtomicBoolean(true);
    loop.execute(() -> armedWhilePolling.set(inbox.armed));
    awaitTrue(() -> inbox.armed);
    assertThat(loop.ledger().get(Event.WAKES)).isGreaterThan(wakes);
  }

  private static void awaitTrue(java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 50_000})
  void whatWasRemovedIsNeverPolledAgain(long spinNanos) {
    PollLoop loop = started(new Idle(Duration.ofNanos(spinNanos)));
    for (int i = 0; i < 2_000; i++) {
      AtomicBoolean removed = new AtomicBoolean();
      AtomicBoolean late = new AtomicBoolean();
      Pollable pollable =
          new Pollable() {
            @Override
            public int poll(int budget) {
              late.compareAndSet(false, removed.get());
              return 1;
            }

            @Override
            public void arm() {
              late.compareAndSet(false, removed.get());
            }

            @Override
            public void disarm() {
              late.compareAndSet(false, removed.get());
            }
          };
      loop.add(pollable);
      loop.remove(pollable);
      removed.set(true);
      loop.execute(() -> {});
      assertThat(late).isFalse();
    }
  }

  @Test
  void aPollableThatRemovesAnotherIsObeyedAtOnce() {
    PollLoop loop = stepped();
    Inbox victim = new Inbox();
    loop.add(budget -> {
      loop.remove(victim);
      return 0;
    });
    loop.add(victim);
    loop.doWork();
    loop.doWork();

    assertThat(victim.polls).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"poll", "arm", "disarm"})
  void onePollableThatThrowsHarmsNoOther(String where) throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    Inbox before = new Inbox();
    Inbox after = new Inbox();
    AtomicInteger thrown = new AtomicInteger();
    loop.add(before);
    loop.add(
        new Pollable() {
          private void maybe(String here) {
            if (here.equals(where)) {
              thrown.incrementAndGet();
              throw new IllegalStateException("a bug in " + where);
            }
          }

          @Override
          public int poll(int budget) {
            maybe("poll");
            return 0;
          }

          @Override
          public void arm() {
            maybe("arm");
          }

          @Override
          public void disarm() {
            maybe("disarm");
          }
        });
    loop.add(after);
    for (int i = 1; i <= 2_000; i++) {
      before.waiting.incrementAndGet();
      after.waiting.incrementAndGet();
      loop.wake();
      int expected = i;
      if (i % 100 == 0) {
        awaitTrue(() -> before.done.get() == expected && after.done.get() == expected);
      }
    }
    assertThat(thrown).hasPositiveValue();
  }

  @Test
  void errorsAreSurvivedToo() throws InterruptedException {
    PollLoop loop = started(Idle.BLOCK);
    Inbox other = new Inbox();
    loop.add(budget -> {
      throw new InternalError("the memory behind a mapping went away");
    });
    loop.add(other);
    other.waiting.set(1);
    loop.wake();
    awaitTrue(() -> other.done.get() == 1);
  }

  @Test
  void commandsThatArriveWhileTheLoopClosesAllRunOneAtATime() throws InterruptedException {
    for (int round = 0; round < 200; round++) {
      PollLoop loop = new PollLoop("closing", new ParkWaiter(), Idle.BLOCK);
      loop.start();
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger ran = new AtomicInteger();
      AtomicInteger overlaps = new AtomicInteger();
      loop.add(budget -> {
        if (inside.getAndIncrement() != 0) {
          overlaps.incrementAndGet();
        }
        inside.decrementAndGet();
        return 0;
      });
      List<Thread> senders = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        senders.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int n = 0; n < 50; n++) {
                    loop.execute(() -> {
                      if (inside.getAndIncrement() != 0) {
                        overlaps.incrementAndGet();
                      }
                      Thread.onSpinWait();
                      ran.incrementAndGet();
                      inside.decrementAndGet();
                    });
                  }
                }));
      }
      pause(round * 500);
      loop.close();
      for (Thread sender : senders) {
        sender.join();
      }
      assertThat(ran).hasValue(150);
      assertThat(overlaps).as("commands beside polls or each other").hasValue(0);
    }
  }

  @Test
  void aClosedLoopPollsNothingAndStillLetsGo() {
    PollLoop loop = started(Idle.BLOCK);
    Inbox inbox = new Inbox();
    loop.add(inbox);
    loop.close();
    int polls = inbox.polls.get();
    inbox.waiting.set(1);
    loop.wake();
    loop.remove(inbox);
    loop.close();

    assertThat(inbox.polls).hasValue(polls);
    assertThatIllegalStateException().isThrownBy(loop::start);
  }

  @Test
  void aLoopCannotCloseItselfAndIsClosedOnce() {
    AtomicInteger closes = new AtomicInteger();
    PollLoop loop =
        new PollLoop(
            "loop",
            new Waiter() {
              private final ParkWaiter park = new ParkWaiter();

              @Override
              public void block(long nanos) {
                park.block(nanos);
              }

              @Override
              public void wake() {
                park.wake();
              }

              @Override
              public void close() {
                closes.incrementAndGet();
              }
            },
            Idle.BLOCK);
    loop.start();
    assertThatIllegalStateException().isThrownBy(() -> loop.execute(loop::close));
    loop.close();
    loop.close();

    assertThat(closes).hasValue(1);
  }

  @Test
  void aLoopThatIsStartedCannotBeStartedAgain() {
    PollLoop loop = started(Idle.BLOCK);
    assertThatIllegalStateException().isThrownBy(loop::start).withMessageContaining("loop");
  }

  @Test
  void aWaiterReturnsAtOnceForAWakeThatCameBefore() {
    ParkWaiter waiter = new ParkWaiter();
    for (int i = 0; i < 100; i++) {
      waiter.wake();
      waiter.block(Long.MAX_VALUE);
    }
  }

  @Test
  void queuesAreDealtToLoopsAsTheMapSays() {
    List<PollLoop> all = List.of(stepped(), stepped(), stepped());

    assertThat(LoopMap.single(all.get(1)).loop(7, 3)).isSameAs(all.get(1));
    LoopMap perDevice = LoopMap.perDevice(all);
    LoopMap perQueue = LoopMap.perQueue(all);
    for (int slot = 0; slot < 7; slot++) {
      for (int queue = 0; queue < 5; queue++) {
        assertThat(perDevice.loop(slot, queue)).isSameAs(all.get(slot % 3));
        assertThat(perQueue.loop(slot, queue)).isSameAs(all.get((slot + queue) % 3));
      }
    }
  }
}
