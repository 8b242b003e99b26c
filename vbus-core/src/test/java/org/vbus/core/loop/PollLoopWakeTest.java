package org.vbus.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.ledger.Event;

/// A loop that sleeps at every opportunity never sleeps on work that was announced with
/// [PollLoop#wake()]: MO-PL-1 against MO-PL-2.
///
/// The work here is a number in memory. A kick, a command and a frame in an inbox are the same
/// protocol: the producer publishes (`avail.idx`, the queue of commands, the cursor and then the
/// slot of a `FrameInbox`) and calls `wake()`, whose fence comes before its load of `sleeping`; the
/// loop's last pass, which comes after its own fence, looks at exactly what was published (`peek`,
/// `drainCommands`, `FrameInbox.isEmpty`). A frame that is claimed but not yet published in that
/// last pass is announced by a wake that is still to come. So this covers them, and the watched
/// file descriptors of a tap need no wake.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@SuppressWarnings("ThreadPriorityCheck") // to yield is all that a spinning test can do on few cores
class PollLoopWakeTest {
  private static final int PRODUCERS = 2;
  private static final int LINE = 16;
  private static final long ENOUGH = TimeUnit.SECONDS.toNanos(4);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

  private final AtomicLongArray published = new AtomicLongArray(PRODUCERS * LINE);
  private final AtomicLongArray seen = new AtomicLongArray(PRODUCERS * LINE);
  private volatile boolean lost;

  /// Looks at what the producers published.
  private final class Work implements Pollable {
    @Override
    public int poll(int budget) {
      int work = 0;
      for (int i = 0; i < PRODUCERS; i++) {
        long value = published.getOpaque(i * LINE);
        if (value != seen.getOpaque(i * LINE)) {
          seen.setOpaque(i * LINE, value);
          work++;
        }
      }
      return work;
    }
  }

  /// Sleeps without giving up the processor, so that the next race comes soon.
  private static final class SpinWaiter implements Waiter {
    private volatile boolean woken;
    private long blocks;

    @Override
    public void block(long nanos) {
      blocks++;
      for (int spins = 0; !woken; spins++) {
        if (spins % 64 < 48) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      woken = false;
    }

    @Override
    public void wake() {
      woken = true;
    }
  }

  /// Publishes, wakes, waits until that was seen; the pause makes the next publication fall into
  /// the moments in which the loop goes to sleep. Ends early on a slow machine.
  private void produce(PollLoop loop, int producer, int items) {
    SplittableRandom random = new SplittableRandom(producer);
    long end = System.nanoTime() + ENOUGH;
    for (long n = 1; n <= items && !lost && System.nanoTime() < end; n++) {
      for (int pause = random.nextInt(100); pause > 0; pause--) {
        Thread.onSpinWait();
      }
      published.setOpaque(producer * LINE, n);
      loop.wake();
      awaitSeen(producer, n);
    }
  }

  private void awaitSeen(int producer, long n) {
    long start = System.nanoTime();
    for (int spins = 0; seen.getOpaque(producer * LINE) != n && !lost; spins++) {
      if (spins % 64 < 32) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
        lost = System.nanoTime() - start > PATIENCE;
      }
    }
  }

  private long soak(Waiter waiter, int items) throws InterruptedException {
    PollLoop loop = new PollLoop("soak", waiter, Idle.BLOCK);
    loop.add(new Work());
    loop.start();
    Thread[] producers = new Thread[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
      int producer = i;
      producers[i] = Thread.ofPlatform().daemon().start(() -> produce(loop, producer, items));
    }
    for (Thread producer : producers) {
      producer.join();
    }
    assertThat(lost).as("the loop slept on announced work").isFalse();
    loop.close();
    return loop.ledger().get(Event.WAKES);
  }

  @Test
  void noWakeIsLostAsTheLoopFallsAsleep() throws InterruptedException {
    SpinWaiter waiter = new SpinWaiter();
    long wakes = soak(waiter, 2_000_000);
    assertThat(waiter.blocks).isPositive();
    assertThat(wakes).isPositive();
  }

  @Test
  void noWakeIsLostByAParkedLoop() throws InterruptedException {
    assertThat(soak(new ParkWaiter(), 50_000)).isPositive();
  }

  @Test
  void aWakeThatCameBeforeEndsTheNextPark() {
    ParkWaiter waiter = new ParkWaiter();
    waiter.wake();
    waiter.block(Long.MAX_VALUE);
    LockSupport.unpark(Thread.currentThread());
    waiter.wake();
    waiter.block(Long.MAX_VALUE);
  }
}
