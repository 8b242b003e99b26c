package org.vbus.tests.stress.shm;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.NorthEvents;
import org.vbus.shm.ShmSignal;
import org.vbus.shm.SouthEvents;
import org.vbus.tests.stress.Slab;

/// Sources, their signals and prioritised rings: no change of a source stays unseen.
public class EventSourcesStress {
  private static final EventGeometry GEOMETRY = new EventGeometry(2, 1, 2);
  private static final long DATA = GEOMETRY.footprint();
  private static final Slab SLAB = new Slab(DATA + 8);

  /// Two levels of one slot, two unmasked sources, everything masked at north; the data of source 0
  /// that north saw last, and the number of its signals.
  abstract static class World implements EventHandler {
    final MemorySegment memory = SLAB.take();
    final NorthEvents north = NorthEvents.format(memory, 0, GEOMETRY, 0, this, this::kicked);
    final SouthEvents south = SouthEvents.open(memory, 0, GEOMETRY);
    int seen;
    int signals;
    int kicks;

    World() {
      north.signals().signal(0).enable();
      north.signals().signal(1).enable();
    }

    final void change(int value) {
      memory.set(ValueLayout.JAVA_INT, DATA, value);
    }

    final void look() {
      seen = memory.get(ValueLayout.JAVA_INT, DATA);
    }

    private void kicked(int level) {
      kicks++;
    }

    @Override
    public void signal(long handle) {
      signals++;
      look();
    }

    @Override
    public void deviceAdded(long id, String type) {
      signals = -100;
    }

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signalClosed(long handle) {
      signals = -200;
    }
  }

  /// MO-SIG-2 against MO-SIG-5: an event of the source is in the ring while it changes again.
  /// Results: south queued a second event, data seen in the end.
  @JCStressTest
  @Outcome(
      id = "0, 2",
      expect = ACCEPTABLE,
      desc = "The first event was still waiting and covers both changes.")
  @Outcome(
      id = "1, 2",
      expect = ACCEPTABLE,
      desc = "The first event was taken: a second one tells of the change.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "Lost wake-up: north's last look is older than south's last change.")
  @State
  public static class RaiseAgainstPoll extends World {
    private boolean queued;

    public RaiseAgainstPoll() {
      change(1);
      south.raise(1, 0);
    }

    @Actor
    public void south() {
      change(2);
      Delivery delivery = south.raise(1, 0);
      queued = delivery == Delivery.QUIET;
    }

    @Actor
    public void north() {
      north.poll(1);
    }

    @Arbiter
    public void arbiter(II_Result r) {
      north.poll(2);
      r.r1 = queued ? 1 : 0;
      r.r2 = seen;
    }
  }

  /// MO-SIG-2 against MO-EVT-2: a raise on the lower of two levels. Results: south interrupts,
  /// north sees an event on its second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "North slept first: south interrupts.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "South raised first: north does not sleep.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious interrupt.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost wake-up: north sleeps with an event in a ring.")
  @State
  public static class RaiseAgainstUnmask extends World {
    @Actor
    public void south(II_Result r) {
      r.r1 = south.raise(1, 0) == Delivery.INTERRUPT ? 1 : 0;
    }

    @Actor
    public void north(II_Result r) {
      r.r2 = north.unmask() ? 1 : 0;
    }
  }

  /// MO-SIG-2 against MO-SIG-4: the driver of a masked source unmasks it. Results: data seen by the
  /// driver in the end, counting the event if south queued one.
  @JCStressTest
  @Outcome(
      id = {"0, 2", "1, 2"},
      expect = ACCEPTABLE,
      desc = "By its own look or by an event, the driver sees the change.")
  @Outcome(expect = FORBIDDEN, desc = "Lost wake-up: the driver stopped polling and got no event.")
  @State
  public static class RaiseAgainstDriverUnmask extends World {
    private final ShmSignal source = north.signals().signal(0);

    public RaiseAgainstDriverUnmask() {
      source.disable();
    }

    @Actor
    public void south() {
      change(2);
      south.raise(1, 0);
    }

    @Actor
    public void driver() {
      do {
        source.take();
        look();
      } while (source.enable());
    }

    @Arbiter
    public void arbiter(II_Result r) {
      north.poll(2);
      r.r1 = signals;
      r.r2 = seen;
    }
  }

  /// MO-SIG-2 against MO-EVT-3: the slot that south needs comes back. Results: south keeps the
  /// signal, north kicks.
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The slot was back in time.")
  @Outcome(
      id = "0, 1",
      expect = ACCEPTABLE,
      desc = "South found the slot on its second look; the kick is spurious.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "South keeps the signal and is kicked.")
  @Outcome(
      id = "1, 0",
      expect = FORBIDDEN,
      desc = "Lost signal: south waits for room and nobody tells it.")
  @State
  public static class FullRingAgainstReturn extends World {
    public FullRingAgainstReturn() {
      south.ring(1).offerDeviceDropped(9);
    }

    @Actor
    public void south(II_Result r) {
      r.r1 = south.raise(1, 0) == Delivery.DEFERRED ? 1 : 0;
    }

    @Actor
    public void north(II_Result r) {
      north.poll(1);
      r.r2 = kicks;
    }
  }

  /// Two threads raise one source. Results: events queued, events north finds.
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "One event, whoever was first.")
  @Outcome(expect = FORBIDDEN, desc = "A source has no event or two in the ring.")
  @State
  public static class RaiseAgainstRaiseOfOneSource extends World {
    private int first;
    private int second;

    @Actor
    public void first() {
      first = south.raise(1, 0) == Delivery.QUIET ? 1 : 0;
    }

    @Actor
    public void second() {
      second = south.raise(1, 0) == Delivery.QUIET ? 1 : 0;
    }

    @Arbiter
    public void arbiter(II_Result r) {
      r.r1 = first + second;
      r.r2 = north.poll(4);
    }
  }

  /// Two threads raise two sources into a ring of one slot. Results: signals north gets at first,
  /// and after south has flushed.
  @JCStressTest
  @Outcome(
      id = "1, 2",
      expect = ACCEPTABLE,
      desc = "One finds the slot, the other is kept and sent later.")
  @Outcome(expect = FORBIDDEN, desc = "A signal was lost or doubled between two producers.")
  @State
  public static class RaiseAgainstRaiseOfTwoSources extends World {
    @Actor
    public void first() {
      south.raise(1, 0);
    }

    @Actor
    public void second() {
      south.raise(1, 1);
    }

    @Arbiter
    public void arbiter(II_Result r) {
      north.poll(4);
      r.r1 = signals;
      south.flush(1);
      north.poll(4);
      r.r2 = signals;
    }
  }
}
