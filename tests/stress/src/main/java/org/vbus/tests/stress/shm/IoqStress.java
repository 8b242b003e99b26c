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
import org.openjdk.jcstress.infra.results.III_Result;
import org.vbus.shm.Delivery;
import org.vbus.shm.Ioq;
import org.vbus.shm.IoqIndex;
import org.vbus.shm.IoqIterator;
import org.vbus.shm.IoqLayout;
import org.vbus.shm.Locality;
import org.vbus.tests.stress.Slab;

/// Hand-over of descriptors and their buffers between the two sides of an IOQ.
public class IoqStress {
  private static final long BUFFER = IoqLayout.footprint(2);
  private static final Slab SLAB = new Slab(BUFFER + 8);

  /// A transmit ring of two descriptors.
  abstract static class Ring {
    final MemorySegment memory = SLAB.take();
    final Ioq north = Ioq.format(memory, 0, 2);
    final Ioq south = Ioq.open(memory, 0, 2, Locality.SOUTH);
    final IoqIterator producer = north.iterator(IoqIndex.BOTH, 0);
    final IoqIterator consumer = south.iterator(IoqIndex.INUSE, 0);

    final int buffer() {
      return memory.get(ValueLayout.JAVA_INT, BUFFER);
    }

    final void buffer(int value) {
      memory.set(ValueLayout.JAVA_INT, BUFFER, value);
    }
  }

  /// MO-IOQ-1 against MO-IOQ-2, north to south. Results: owned by south, length, buffer.
  @JCStressTest
  @Outcome(
      id = "0, 0, 0",
      expect = ACCEPTABLE,
      desc = "South came first: the descriptor is not its own.")
  @Outcome(
      id = "1, 64, 7",
      expect = ACCEPTABLE,
      desc = "South owns the descriptor and sees all of it.")
  @Outcome(expect = FORBIDDEN, desc = "South owns a descriptor before its contents are visible.")
  @State
  public static class PushAgainstLook extends Ring {
    @Actor
    public void north() {
      buffer(7);
      north.buffer(0, 1, BUFFER, 64);
      producer.push();
    }

    @Actor
    public void south(III_Result r) {
      if (consumer.owned()) {
        r.r1 = 1;
        r.r2 = (int) south.len(0);
        r.r3 = buffer();
      }
    }
  }

  /// MO-IOQ-1 against MO-IOQ-2, south to north. Results: owned by north, length, buffer.
  @JCStressTest
  @Outcome(
      id = "0, 0, 0",
      expect = ACCEPTABLE,
      desc = "North came first: south still has the descriptor.")
  @Outcome(
      id = "1, 60, 8",
      expect = ACCEPTABLE,
      desc = "The descriptor is back with all that south wrote.")
  @Outcome(expect = FORBIDDEN, desc = "The descriptor is back before south's writes are visible.")
  @State
  public static class PopAgainstCleanUp extends Ring {
    private final IoqIterator cleaner = north.iterator(IoqIndex.VALID, IoqIterator.NOFLIPOWNER);

    public PopAgainstCleanUp() {
      north.buffer(0, 1, BUFFER, 64);
      producer.push();
    }

    @Actor
    public void south() {
      buffer(8);
      south.len(0, 60);
      consumer.pop();
    }

    @Actor
    public void north(III_Result r) {
      if (cleaner.pop() == Delivery.QUIET) {
        r.r1 = 1;
        r.r2 = (int) north.len(0);
        r.r3 = buffer();
      }
    }
  }

  /// The push that fills the ring races with a pop for the `full` flag of *inuse*. Results: both
  /// moved, entries on inuse in the end, and a further pop takes the second entry.
  @JCStressTest
  @Outcome(id = "2, 1, 1", expect = ACCEPTABLE, desc = "One entry is left and can be taken.")
  @Outcome(expect = FORBIDDEN, desc = "The index lost or invented an entry.")
  @State
  public static class FillAgainstPop extends Ring {
    private Delivery pushed = Delivery.REFUSED;
    private Delivery popped = Delivery.REFUSED;

    public FillAgainstPop() {
      producer.push();
    }

    @Actor
    public void north() {
      pushed = producer.push();
    }

    @Actor
    public void south() {
      popped = consumer.pop();
    }

    @Arbiter
    public void arbiter(III_Result r) {
      r.r1 = (pushed == Delivery.QUIET ? 1 : 0) + (popped == Delivery.QUIET ? 1 : 0);
      r.r2 = south.entries(IoqIndex.INUSE);
      r.r3 = consumer.pop() == Delivery.QUIET && south.entries(IoqIndex.INUSE) == 0 ? 1 : 0;
    }
  }
}
