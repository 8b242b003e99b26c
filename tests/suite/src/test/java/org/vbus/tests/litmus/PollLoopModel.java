package org.vbus.tests.litmus;

import java.util.Set;
import org.vbus.tests.litmus.StoreBuffers.Order;
import org.vbus.tests.litmus.StoreBuffers.Outcome;

/// A poll loop that falls asleep while two threads publish work and call `PollLoop.wake()`, step by
/// step as there. The work may be a kick, a command, or a frame in an inbox.
///
/// @param items how many each thread publishes, one after the other
/// @param bugs what is seeded
record PollLoopModel(int items, Set<Bug> bugs) {
  enum Bug {
    PL_1_MISSING,
    PL_2_MISSING,
    LOOP_DOES_NOT_LOOK_AGAIN,
    LOOP_LOOKS_BEFORE_IT_SLEEPS
  }

  // Cells.
  private static final int SLEEPING = 0;
  private static final int WORK = 1;
  private static final int CELLS = 3;

  /// The line of the waiter.
  private static final int WAITER = 0;

  Outcome explore(Order order) {
    return StoreBuffers.explore(
        order,
        new int[CELLS],
        this::loop,
        core -> producer(core, WORK),
        core -> producer(core, WORK + 1));
  }

  private void fence(Core core, Bug missing) {
    if (!bugs.contains(missing)) {
      core.fence();
    }
  }

  private void producer(Core core, int cell) {
    for (int n = 1; n <= items; n++) {
      core.loop(n);
      core.release(cell, n);
      fence(core, Bug.PL_1_MISSING);
      if (core.load(SLEEPING) == 1 && core.compareAndSet(SLEEPING, 1, 0)) {
        core.raise(WAITER);
      }
    }
  }

  private void loop(Core core) {
    int[] done = new int[2];
    while (done[0] + done[1] < 2 * items) {
      core.loop(done);
      if (pass(core, done)) {
        continue;
      }
      boolean early = bugs.contains(Bug.LOOP_LOOKS_BEFORE_IT_SLEEPS) && pass(core, done);
      core.store(SLEEPING, 1);
      fence(core, Bug.PL_2_MISSING);
      boolean more =
          bugs.contains(Bug.LOOP_LOOKS_BEFORE_IT_SLEEPS)
              ? early
              : !bugs.contains(Bug.LOOP_DOES_NOT_LOOK_AGAIN) && pass(core, done);
      if (more) {
        core.store(SLEEPING, 0);
        continue;
      }
      if (core.load(SLEEPING) == 1) {
        core.await(WAITER);
      }
      core.compareAndSet(SLEEPING, 1, 0);
    }
  }

  private static boolean pass(Core core, int[] done) {
    boolean work = false;
    for (int i = 0; i < done.length; i++) {
      int published = core.load(WORK + i);
      work |= published > done[i];
      done[i] = published;
    }
    return work;
  }
}
