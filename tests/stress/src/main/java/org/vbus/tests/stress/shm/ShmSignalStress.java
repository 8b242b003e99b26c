package org.vbus.tests.stress.shm;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;
import org.vbus.tests.stress.Slab;

/// The races of one signal between south, which changes memory and injects, and north, which looks.
public class ShmSignalStress {
  private static final Slab SLAB = new Slab(32);

  /// A signal with one word of memory that south changes by a plain store.
  abstract static class Signal {
    final MemorySegment memory = SLAB.take();
    final ShmSignal north;
    final ShmSignal south;

    Signal() {
      ShmSignal.format(memory, 0);
      north = new ShmSignal(memory, 0, Locality.NORTH);
      south = new ShmSignal(memory, 0, Locality.SOUTH);
    }

    final int data() {
      return memory.get(ValueLayout.JAVA_INT, 16);
    }

    final void change() {
      memory.set(ValueLayout.JAVA_INT, 16, 1);
    }

    static int bit(boolean b) {
      return b ? 1 : 0;
    }
  }

  /// MO-SIG-2 against MO-SIG-4.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "North slept first: south notifies.")
  @Outcome(
      id = "0, 1",
      expect = ACCEPTABLE,
      desc = "South changed first: north sees it on its second look.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious notification.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost wake-up: north sleeps and south did not notify.")
  @State
  public static class InjectAgainstUnmask extends Signal {
    @Actor
    public void south(II_Result r) {
      change();
      r.r1 = bit(south.inject());
    }

    @Actor
    public void north(II_Result r) {
      r.r2 = bit(north.enable());
    }
  }

  /// MO-SIG-1 against MO-SIG-6.
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "North looked before the change.")
  @Outcome(
      id = "0, 1",
      expect = ACCEPTABLE,
      desc = "The change was visible before it was announced.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Announced and visible.")
  @Outcome(
      id = "1, 0",
      expect = FORBIDDEN,
      desc = "North took the announcement of a change that it cannot see.")
  @State
  public static class InjectAgainstTake extends Signal {
    @Actor
    public void south() {
      change();
      south.inject();
    }

    @Actor
    public void north(II_Result r) {
      r.r1 = bit(north.dirty());
      north.take();
      r.r2 = data();
    }
  }

  /// MO-SIG-2 against MO-SIG-5 and MO-SIG-6: a notification is under way, north handles it and ends
  /// it. Results: south notifies again, north saw the change in its handler, dirty after the
  /// handler.
  @JCStressTest
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "North's handler saw the change.")
  @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "North sees dirty on its second look.")
  @Outcome(
      id = "1, 0, 1",
      expect = ACCEPTABLE,
      desc = "South notifies again, and dirty says so too.")
  @Outcome(
      id = "0, 1, 1",
      expect = ACCEPTABLE,
      desc = "Seen by the handler; the second look is superfluous.")
  @Outcome(
      id = "1, 1, 1",
      expect = ACCEPTABLE,
      desc = "Seen by the handler; the notification is spurious.")
  @Outcome(
      id = "1, 0, 0",
      expect = ACCEPTABLE,
      desc = "North ended the old notification first: south sends a new one.")
  @Outcome(
      id = "1, 1, 0",
      expect = ACCEPTABLE,
      desc = "Seen by the handler; the notification is spurious.")
  @Outcome(id = "0, 0, 0", expect = FORBIDDEN, desc = "Lost wake-up: nobody acts on the change.")
  @State
  public static class InjectAgainstEndOfWakeup extends Signal {
    public InjectAgainstEndOfWakeup() {
      north.enable();
      south.inject();
    }

    @Actor
    public void south(III_Result r) {
      change();
      r.r1 = bit(south.inject());
    }

    @Actor
    public void north(III_Result r) {
      north.take();
      r.r2 = data();
      north.finish();
      r.r3 = bit(north.dirty());
    }
  }

  /// Two threads of one side: `pending` is no atomic test-and-set.
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "One notification for two changes.")
  @Outcome(
      id = "1, 1",
      expect = ACCEPTABLE_INTERESTING,
      desc = "One spurious notification, as documented.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Nobody notified a peer that asked for it.")
  @State
  public static class InjectAgainstInject extends Signal {
    public InjectAgainstInject() {
      north.enable();
    }

    @Actor
    public void first(II_Result r) {
      r.r1 = bit(south.inject());
    }

    @Actor
    public void second(II_Result r) {
      r.r2 = bit(south.inject());
    }
  }
}
