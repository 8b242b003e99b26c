package org.vbus.tests.stress.shm;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventConsumer;
import org.vbus.shm.EventHandler;
import org.vbus.shm.EventLayout;
import org.vbus.shm.EventProducer;
import org.vbus.tests.stress.Slab;

/// One event ring: publication of events, return of slots, and the race between an offer and
/// unmasking.
public class EventRingStress {
  private static final Slab SLAB = new Slab(EventConsumer.footprint(1));

  /// A masked ring of one slot; the last handle that north saw.
  abstract static class Ring implements EventHandler {
    final MemorySegment memory = SLAB.take();
    final EventConsumer north = EventConsumer.format(memory, 0, 1, 0);
    final EventProducer south = EventProducer.open(memory, 0, EventLayout.dataOffset(1), 1);
    int seen;

    @Override
    public void signal(long handle) {
      seen = (int) handle;
    }

    @Override
    public void deviceAdded(long id, String type) {
      seen = -1;
    }

    @Override
    public void deviceDropped(long handle) {
      seen = -2;
    }

    @Override
    public void signalClosed(long handle) {
      seen = -3;
    }
  }

  /// MO-SIG-2 against MO-EVT-1. Results: south interrupts, north sees an event on its second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "North slept first: south interrupts.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "South offered first: north does not sleep.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious interrupt.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost wake-up: north sleeps with an event in its ring.")
  @State
  public static class OfferAgainstUnmask extends Ring {
    @Actor
    public void south(II_Result r) {
      r.r1 = south.offerSignal(5) == Delivery.INTERRUPT ? 1 : 0;
    }

    @Actor
    public void north(II_Result r) {
      r.r2 = north.unmask() ? 1 : 0;
    }
  }

  /// MO-IOQ-1 against MO-IOQ-2 for the event. Results: events taken, handle.
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "North came first.")
  @Outcome(id = "1, 5", expect = ACCEPTABLE, desc = "North took the whole event.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "North took an event that is not all there (0 reads as DEVADD).")
  @State
  public static class OfferAgainstDrain extends Ring {
    @Actor
    public void south() {
      south.offerSignal(5);
    }

    @Actor
    public void north(II_Result r) {
      r.r1 = north.drain(1, this);
      r.r2 = seen;
    }
  }

  /// The only slot is in use and comes back while south wants it. Results: the second offer was
  /// taken, handle that is in the ring in the end.
  @JCStressTest
  @Outcome(
      id = "0, 5",
      expect = ACCEPTABLE,
      desc = "Full: the first event is the last one north saw.")
  @Outcome(
      id = "1, 6",
      expect = ACCEPTABLE,
      desc = "The slot was back: the second event is intact.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "North's zeroing of the slot hit the next event, or an event was lost.")
  @State
  public static class ReuseAgainstDrain extends Ring {
    private boolean taken;

    public ReuseAgainstDrain() {
      south.offerSignal(5);
    }

    @Actor
    public void south() {
      taken = south.offerSignal(6) == Delivery.QUIET;
    }

    @Actor
    public void north() {
      north.drain(1, this);
    }

    @Arbiter
    public void arbiter(II_Result r) {
      north.drain(1, this);
      r.r1 = taken ? 1 : 0;
      r.r2 = seen;
    }
  }
}
