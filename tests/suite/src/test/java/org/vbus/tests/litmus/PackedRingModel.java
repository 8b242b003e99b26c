package org.vbus.tests.litmus;

import java.util.Set;
import org.vbus.core.ring.PackedIndex;
import org.vbus.tests.litmus.StoreBuffers.Order;
import org.vbus.tests.litmus.StoreBuffers.Outcome;

/// The driver and the device of one packed virtqueue, step by step as in `PackedDriverQueue` and
/// `PackedQueue`, each of which sleeps whenever the protocol lets it.
///
/// @param loop whether the device's queue is polled by a `PollLoop`, so that a kick is its
///   `wake()`; else its thread sleeps on the kick itself
/// @param eventIdx suppression by place rather than by flags
/// @param start where both sides begin, as `PackedIndex` numbers places
/// @param buffers how many the driver offers
/// @param burst how many it publishes at once
/// @param window how many may be with the device
/// @param budget how many used ones the device publishes at once
/// @param bugs what is seeded
record PackedRingModel(
    boolean loop,
    boolean eventIdx,
    int start,
    int buffers,
    int burst,
    int window,
    int budget,
    Set<Bug> bugs) {

  /// An ordering that is left out, or a look.
  enum Bug {
    DP_1_PLAIN,
    DP_2_MISSING,
    DP_3_MISSING,
    DP_4_MISSING,
    PQ_1_MISSING,
    PQ_2_PLAIN,
    PQ_3_MISSING,
    PQ_4_MISSING,
    DRIVER_RELEASES_THE_FIRST_BEFORE_THE_REST,
    DEVICE_RELEASES_THE_FIRST_BEFORE_THE_REST,
    DEVICE_DOES_NOT_LOOK_AGAIN,
    DRIVER_DOES_NOT_LOOK_AGAIN,
    DEVICE_LOOKS_BEFORE_IT_ARMS,
    DRIVER_LOOKS_BEFORE_IT_ENABLES
  }

  /// Descriptors.
  static final int SIZE = 2;

  // Event suppression, in one cell as it is in one word: enabled, disabled, or a place from DESC
  // on.
  private static final int ENABLE = 0;
  private static final int DISABLE = 1;
  private static final int DESC = 2;

  // Cells: flags of the descriptors, the rest of the descriptors, event suppression of each side.
  private static final int FLAGS = 0;
  private static final int REST = FLAGS + SIZE;
  private static final int DRIVER_EVENT = REST + SIZE;
  private static final int DEVICE_EVENT = DRIVER_EVENT + 1;
  private static final int SLEEPING = DEVICE_EVENT + 1;
  private static final int CELLS = SLEEPING + 1;

  // Lines.
  private static final int KICK = 0;
  private static final int SIGNAL = 1;

  PackedRingModel(
      boolean loop, boolean eventIdx, int start, int buffers, int burst, int window, int budget) {
    this(loop, eventIdx, start, buffers, burst, window, budget, Set.of());
  }

  PackedRingModel with(Bug bug) {
    return new PackedRingModel(loop, eventIdx, start, buffers, burst, window, budget, Set.of(bug));
  }

  @Override
  public String toString() {
    return "%s%s from %d: %d buffers in bursts of %d, %d outstanding, budget %d, bugs %s"
        .formatted(
            eventIdx ? "place" : "flags",
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
    for (int n = -SIZE; n < 0; n++) {
      memory[FLAGS + slot(n)] = PackedIndex.used(place(n), SIZE);
    }
    memory[DRIVER_EVENT] = DISABLE;
    memory[DEVICE_EVENT] = DISABLE;
    return StoreBuffers.explore(order, memory, this::driver, this::device);
  }

  /// Where buffer `n` is; each has one descriptor.
  private int place(int n) {
    return PackedIndex.add(start, Math.floorMod(n, 2 * SIZE), SIZE);
  }

  private int slot(int n) {
    return PackedIndex.slot(place(n), SIZE);
  }

  private int wanted(int next) {
    return eventIdx ? DESC + place(next) : ENABLE;
  }

  /// What the peer's event suppression says about `count` descriptors up to buffer `now`.
  private boolean notifies(int event, int now, int count) {
    return event != DISABLE
        && (event == ENABLE
            || PackedIndex.passed(
                PackedIndex.encoded(event - DESC, SIZE), place(now), count, SIZE));
  }

  private boolean has(Bug bug) {
    return bugs.contains(bug);
  }

  private void fence(Core core, Bug missing) {
    if (!has(missing)) {
      core.fence();
    }
  }

  private void release(Core core, int cell, int value, Bug plain) {
    if (has(plain)) {
      core.store(cell, value);
    } else {
      core.release(cell, value);
    }
  }

  private static int offered(int n) {
    return 100 + n;
  }

  private static int answered(int n) {
    return 200 + n;
  }

  private boolean isUsed(Core core, int n) {
    return core.load(FLAGS + slot(n)) == PackedIndex.used(place(n), SIZE);
  }

  private boolean isAvailable(Core core, int n) {
    return core.load(FLAGS + slot(n)) == PackedIndex.available(place(n), SIZE);
  }

  private void driver(Core core) {
    int sent = 0;
    int done = 0;
    while (done < buffers) {
      core.loop(sent, done);
      sent += offer(core, sent, Math.min(burst, Math.min(window - (sent - done), buffers - sent)));
      int reclaimed = reclaim(core, done, sent);
      done += reclaimed;
      if (reclaimed > 0 || (sent < buffers && sent - done < window)) {
        continue;
      }
      sleepForUsed(core, done);
      core.store(DRIVER_EVENT, DISABLE);
    }
  }

  /// `PackedDriverQueue.enableSignals()`, then sleep unless there is something.
  private void sleepForUsed(Core core, int done) {
    boolean early = has(Bug.DRIVER_LOOKS_BEFORE_IT_ENABLES) && isUsed(core, done);
    core.store(DRIVER_EVENT, wanted(done));
    fence(core, Bug.DP_4_MISSING);
    boolean more =
        has(Bug.DRIVER_LOOKS_BEFORE_IT_ENABLES)
            ? early
            : !has(Bug.DRIVER_DOES_NOT_LOOK_AGAIN) && isUsed(core, done);
    if (!more) {
      core.await(SIGNAL);
    }
  }

  /// `begin`, `out`, `commit` for each buffer, then `PackedDriverQueue.publish()`.
  private int offer(Core core, int sent, int count) {
    if (count <= 0) {
      return 0;
    }
    boolean early = has(Bug.DRIVER_RELEASES_THE_FIRST_BEFORE_THE_REST);
    int first = PackedIndex.available(place(sent), SIZE);
    for (int n = sent; n < sent + count; n++) {
      core.store(REST + slot(n), offered(n));
      if (n > sent) {
        core.store(FLAGS + slot(n), PackedIndex.available(place(n), SIZE));
      } else if (early) {
        core.release(FLAGS + slot(n), first);
      }
    }
    if (!early) {
      release(core, FLAGS + slot(sent), first, Bug.DP_1_PLAIN);
    }
    fence(core, Bug.DP_2_MISSING);
    if (notifies(core.load(DEVICE_EVENT), sent + count, count)) {
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

  /// `PackedDriverQueue.nextUsed()` until there is none.
  private int reclaim(Core core, int done, int sent) {
    int n = done;
    while (n < sent) {
      int early = has(Bug.DP_3_MISSING) ? core.load(REST + slot(n)) : 0;
      if (!isUsed(core, n)) {
        break;
      }
      int rest = has(Bug.DP_3_MISSING) ? early : core.load(REST + slot(n));
      core.check(rest == answered(n), "used descriptor is not there yet");
      n++;
    }
    return n - done;
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
      core.store(DEVICE_EVENT, DISABLE);
    }
  }

  /// `PackedQueue.armKicks()`, then sleep unless there is something.
  private void sleep(Core core, int next) {
    boolean early = has(Bug.DEVICE_LOOKS_BEFORE_IT_ARMS) && isAvailable(core, next);
    core.store(DEVICE_EVENT, wanted(next));
    fence(core, Bug.PQ_4_MISSING);
    boolean more =
        has(Bug.DEVICE_LOOKS_BEFORE_IT_ARMS)
            ? early
            : !has(Bug.DEVICE_DOES_NOT_LOOK_AGAIN) && isAvailable(core, next);
    if (!more) {
      core.await(KICK);
    }
  }

  /// `PollLoop.sleep()`, which looks by a whole pass; returns what that pass did.
  private int sleepAsLoop(Core core, int next) {
    core.store(DEVICE_EVENT, wanted(next));
    fence(core, Bug.PQ_4_MISSING);
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

  /// `PackedQueue.peek`, `complete` for up to `budget` buffers, then `publishStaged()`.
  private int pass(Core core, int next) {
    boolean early = has(Bug.DEVICE_RELEASES_THE_FIRST_BEFORE_THE_REST);
    int first = PackedIndex.used(place(next), SIZE);
    int n = next;
    while (n < buffers && n < next + budget) {
      int before = has(Bug.PQ_1_MISSING) ? core.load(REST + slot(n)) : 0;
      if (!isAvailable(core, n)) {
        break;
      }
      int rest = has(Bug.PQ_1_MISSING) ? before : core.load(REST + slot(n));
      core.check(rest == offered(n), "available descriptor is not there yet");
      core.store(REST + slot(n), answered(n));
      if (n > next) {
        core.store(FLAGS + slot(n), PackedIndex.used(place(n), SIZE));
      } else if (early) {
        core.release(FLAGS + slot(n), first);
      }
      n++;
    }
    int count = n - next;
    if (count > 0) {
      if (!early) {
        release(core, FLAGS + slot(next), first, Bug.PQ_2_PLAIN);
      }
      fence(core, Bug.PQ_3_MISSING);
      if (notifies(core.load(DRIVER_EVENT), n, count)) {
        core.raise(SIGNAL);
      }
    }
    return count;
  }
}
