package org.vbus.tests.litmus;

import java.util.Set;
import org.vbus.tests.litmus.StoreBuffers.Order;
import org.vbus.tests.litmus.StoreBuffers.Outcome;

/// A processor that halts whenever it may while two devices write memory and interrupt it, step by
/// step as in `GuestCpu`. Both vectors are in one word of the pending set.
///
/// @param items how often each device interrupts
/// @param bugs what is seeded
record GuestCpuModel(int items, Set<Bug> bugs) {
  enum Bug {
    CPU_1_NOT_ATOMIC,
    CPU_2_MISSING,
    CPU_2_LATE,
    CPU_3_MISSING,
    DEVICE_LOOKS_AT_HALTED_FIRST
  }

  // Cells.
  private static final int PENDING = 0;
  private static final int ANY_PENDING = 1;
  private static final int HALTED = 2;
  private static final int DATA = 3;
  private static final int CELLS = 5;

  /// The line of `unpark`.
  private static final int PERMIT = 0;

  Outcome explore(Order order) {
    return StoreBuffers.explore(
        order, new int[CELLS], this::processor, core -> device(core, 0), core -> device(core, 1));
  }

  private static void storeVolatile(Core core, int cell, int value) {
    core.release(cell, value);
    core.fence();
  }

  /// Its handler sees `n` or later.
  private void device(Core core, int vector) {
    for (int n = 1; n <= items; n++) {
      core.loop(n);
      core.store(DATA + vector, n);
      boolean halted = bugs.contains(Bug.DEVICE_LOOKS_AT_HALTED_FIRST) && core.load(HALTED) == 1;
      int before = setPending(core, 1 << vector);
      if (before == 0 || core.load(ANY_PENDING) == 0) {
        storeVolatile(core, ANY_PENDING, 1);
      }
      if (bugs.contains(Bug.DEVICE_LOOKS_AT_HALTED_FIRST) ? halted : core.load(HALTED) == 1) {
        core.raise(PERMIT);
      }
    }
  }

  private int setPending(Core core, int bit) {
    if (bugs.contains(Bug.CPU_1_NOT_ATOMIC)) {
      int before = core.load(PENDING);
      storeVolatile(core, PENDING, before | bit);
      return before;
    }
    return core.or(PENDING, bit);
  }

  private void processor(Core core) {
    int[] seen = new int[2];
    while (seen[0] < items || seen[1] < items) {
      core.loop(seen);
      if (core.load(ANY_PENDING) == 0) {
        halt(core);
      }
      take(core, seen);
    }
  }

  private void halt(Core core) {
    core.release(HALTED, 1);
    if (!bugs.contains(Bug.CPU_3_MISSING)) {
      core.fence();
    }
    while (core.load(ANY_PENDING) == 0) {
      core.await(PERMIT);
    }
    storeVolatile(core, HALTED, 0);
  }

  private void take(Core core, int[] seen) {
    if (!bugs.contains(Bug.CPU_2_LATE)) {
      core.release(ANY_PENDING, 0);
      if (!bugs.contains(Bug.CPU_2_MISSING)) {
        core.fence();
      }
    }
    int bits = core.load(PENDING) == 0 ? 0 : core.swap(PENDING, 0);
    for (int vector = 0; vector < 2; vector++) {
      if ((bits & 1 << vector) != 0) {
        seen[vector] = core.load(DATA + vector);
      }
    }
    if (bugs.contains(Bug.CPU_2_LATE)) {
      storeVolatile(core, ANY_PENDING, 0);
    }
  }
}
