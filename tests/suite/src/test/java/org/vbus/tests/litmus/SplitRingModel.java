package org.vbus.tests.litmus;

import java.util.Set;
import org.vbus.core.ring.U16;
import org.vbus.tests.litmus.StoreBuffers.Order;
import org.vbus.tests.litmus.StoreBuffers.Outcome;

/// The driver and the device of one split virtqueue, step by step as in `SplitDriverQueue` and
/// `SplitQueue`, each of which sleeps whenever the protocol lets it.
///
/// @param loop whether the device's queue is polled by a `PollLoop`, so that a kick is its
///   `wake()`; else its thread sleeps on the kick itself
/// @param eventIdx suppression by event index rather than by flags
/// @param start where both indexes begin
/// @param buffers how many the driver offers
/// @param burst how many it publishes at once
/// @param window how many may be with the device
/// @param budget how many used ones the device publishes at once
/// @param passed the rule of `U16.passed`
/// @param bugs what is seeded
record SplitRingModel(
    boolean loop,
    boolean eventIdx,
    int start,
    int buffers,
    int burst,
    int window,
    int budget,
    Passed passed,
    Set<Bug> bugs) {

  interface Passed {
    boolean test(int event, int now, int old);
  }

  /// An ordering that is left out, or a look.
  enum Bug {
    DQ_1_PLAIN,
    DQ_2_MISSING,
    DQ_3_MISSING,
    DQ_4_MISSING,
    SQ_1_MISSING,
    SQ_2_PLAIN,
    SQ_3_MISSING,
    SQ_4_MISSING,
    DEVICE_DOES_NOT_LOOK_AGAIN,
    DRIVER_DOES_NOT_LOOK_AGAIN,
    DEVICE_LOOKS_BEFORE_IT_ARMS,
    DRIVER_LOOKS_BEFORE_IT_ENABLES
  }

  private static final int SIZE = 2;
  private static final int NO_NOTIFY = 1;

  // Cells. A control cell is the flags or the event index of its ring.
  private static final int AVAIL_IDX = 0;
  private static final int AVAIL_CONTROL = 1;
  private static final int AVAIL_RING = 2;
  private static final int USED_IDX = AVAIL_RING + SIZE;
  private static final int USED_CONTROL = USED_IDX + 1;
  private static final int USED_RING = USED_IDX + 2;
  private static final int SLEEPING = USED_RING + SIZE;
  private static final int CELLS = SLEEPING + 1;

  // Lines.
  private static final int KICK = 0;
  private static final int SIGNAL = 1;

  SplitRingModel(
      boolean loop, boolean eventIdx, int start, int buffers, int burst, int window, int budget) {
    this(loop, eventIdx, start, buffers, burst, window, budget, U16::passed, Set.of());
  }

  SplitRingModel with(Bug bug) {
    return new SplitRingModel(
        loop, eventIdx, start, buffers, burst, window, budget, passed, Set.of(bug));
  }

  SplitRingModel with(Passed rule) {
    return new SplitRingModel(loop, eventIdx, start, buffers, burst, window, budget, rule, bugs);
  }

  @Override
  public String toString() {
    return "%s%s from 0x%x: %d buffers in bursts of %d, %d outstanding, budget %d, bugs %s"
        .formatted(
            eventIdx ? "event index" : "flags",
            loop ? ", poll loop" : "",
            start,
            buffers,
            burst,
            window,
            budget,
            bugs);
  }

  Outcome explore(Order order) {
    int[] memory = new int[CELLS];
    memory[AVAIL_IDX] = start;
    memory[USED_IDX] = start;
    memory[AVAIL_CONTROL] = suppressed(start);
    memory[USED_CONTROL] = suppressed(start);
    return StoreBuffers.explore(order, memory, this::driver, this::device);
  }

  private int wanted(int next) {
    return eventIdx ? next : 0;
  }

  private int suppressed(int next) {
    return eventIdx ? U16.add(next, -1) : NO_NOTIFY;
  }

  /// What the peer's control cell says about moving an index from `old` to `now`.
  private boolean notifies(int control, int now, int old) {
    return eventIdx ? passed.test(control, now, old) : (control & NO_NOTIFY) == 0;
  }

  private void fence(Core core, Bug missing) {
    if (!bugs.contains(missing)) {
      core.fence();
    }
  }

  private void release(Core core, int cell, int value, Bug plain) {
    if (bugs.contains(plain)) {
      core.store(cell, value);
    } else {
      core.release(cell, value);
    }
  }

  /// Contents of buffer `n`, never 0.
  private static int payload(int n) {
    return 100 + n;
  }

  private void driver(Core core) {
    int sent = 0;
    int done = 0;
    while (done < buffers) {
      core.loop(sent, done);
      sent += offer(core, sent, Math.min(burst, Math.min(window - (sent - done), buffers - sent)));
      int reclaimed = reclaim(core, done);
      done += reclaimed;
      if (reclaimed > 0 || (sent < buffers && sent - done < window)) {
        continue;
      }
      sleepForUsed(core, done);
      core.store(AVAIL_CONTROL, suppressed(at(done)));
    }
  }

  /// `SplitDriverQueue.enableSignals()`, then sleep unless there is something.
  private void sleepForUsed(Core core, int done) {
    boolean early =
        bugs.contains(Bug.DRIVER_LOOKS_BEFORE_IT_ENABLES) && core.load(USED_IDX) != at(done);
    core.store(AVAIL_CONTROL, wanted(at(done)));
    fence(core, Bug.DQ_4_MISSING);
    boolean more =
        bugs.contains(Bug.DRIVER_LOOKS_BEFORE_IT_ENABLES)
            ? early
            : !bugs.contains(Bug.DRIVER_DOES_NOT_LOOK_AGAIN) && core.load(USED_IDX) != at(done);
    if (!more) {
      core.await(SIGNAL);
    }
  }

  private int at(int n) {
    return U16.add(start, n);
  }

  private int slot(int n) {
    return at(n) & (SIZE - 1);
  }

  /// `begin`, `out`, `commit` for each buffer, then `SplitDriverQueue.publish()`.
  private int offer(Core core, int sent, int count) {
    if (count <= 0) {
      return 0;
    }
    for (int n = sent; n < sent + count; n++) {
      core.store(AVAIL_RING + slot(n), payload(n));
    }
    int old = at(sent);
    int now = at(sent + count);
    release(core, AVAIL_IDX, now, Bug.DQ_1_PLAIN);
    fence(core, Bug.DQ_2_MISSING);
    if (notifies(core.load(USED_CONTROL), now, old)) {
      kick(core);
    }
    return count;
  }

  /// A wake of the device's thread, through `PollLoop.wake()` if it is a loop.
  private void kick(Core core) {
    if (!loop) {
      core.raise(KICK);
      return;
    }
    core.fence();
    if (core.load(SLEEPING) == 1 && core.compareAndSet(SLEEPING, 1, 0)) {
      core.raise(KICK);
    }
  }

  /// `SplitDriverQueue.nextUsed()` until there is none.
  private int reclaim(Core core, int done) {
    int early = bugs.contains(Bug.DQ_3_MISSING) ? core.load(USED_RING + slot(done)) : 0;
    int count = U16.distance(at(done), core.load(USED_IDX));
    for (int n = done; n < done + count; n++) {
      int element =
          bugs.contains(Bug.DQ_3_MISSING) && n == done ? early : core.load(USED_RING + slot(n));
      core.check(element == payload(n), "used element is not there yet");
    }
    return count;
  }

  private void device(Core core) {
    int next = 0;
    while (true) {
      core.loop(next);
      int work = pass(core, next);
      next += work;
      if (next == buffers) {
        return;
      }
      if (work > 0) {
        continue;
      }
      if (loop) {
        next += sleepAsLoop(core, next);
      } else {
        sleep(core, next);
      }
      core.store(USED_CONTROL, suppressed(at(next)));
    }
  }

  /// `SplitQueue.armKicks()`, then sleep unless there is something.
  private void sleep(Core core, int next) {
    boolean early =
        bugs.contains(Bug.DEVICE_LOOKS_BEFORE_IT_ARMS) && core.load(AVAIL_IDX) != at(next);
    core.store(USED_CONTROL, wanted(at(next)));
    fence(core, Bug.SQ_4_MISSING);
    boolean more =
        bugs.contains(Bug.DEVICE_LOOKS_BEFORE_IT_ARMS)
            ? early
            : !bugs.contains(Bug.DEVICE_DOES_NOT_LOOK_AGAIN) && core.load(AVAIL_IDX) != at(next);
    if (!more) {
      core.await(KICK);
    }
  }

  /// `PollLoop.sleep()`, which looks by a whole pass; returns what that pass did.
  private int sleepAsLoop(Core core, int next) {
    core.store(USED_CONTROL, wanted(at(next)));
    fence(core, Bug.SQ_4_MISSING);
    core.store(SLEEPING, 1);
    core.fence();
    int work = pass(core, next);
    if (work > 0) {
      core.store(SLEEPING, 0);
      return work;
    }
    if (core.load(SLEEPING) == 1) {
      core.await(KICK);
    }
    core.compareAndSet(SLEEPING, 1, 0);
    return 0;
  }

  /// `SplitQueue.peek`, `complete` for up to `budget` buffers, then `publishStaged()`.
  private int pass(Core core, int next) {
    int early = bugs.contains(Bug.SQ_1_MISSING) ? core.load(AVAIL_RING + slot(next)) : 0;
    int count = Math.min(budget, U16.distance(at(next), core.load(AVAIL_IDX)));
    for (int n = next; n < next + count; n++) {
      int element =
          bugs.contains(Bug.SQ_1_MISSING) && n == next ? early : core.load(AVAIL_RING + slot(n));
      core.check(element == payload(n), "avail element is not there yet");
      core.store(USED_RING + slot(n), payload(n));
    }
    if (count > 0) {
      int old = at(next);
      int now = at(next + count);
      release(core, USED_IDX, now, Bug.SQ_2_PLAIN);
      fence(core, Bug.SQ_3_MISSING);
      if (notifies(core.load(AVAIL_CONTROL), now, old)) {
        core.raise(SIGNAL);
      }
    }
    return count;
  }
}
