package org.vbus.tests.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.stress.Slab;

/// The two halves of a split virtqueue against each other: publication in both directions, and the
/// races of both notifications with their suppression, by flags and by event index.
public class SplitRingStress {
  private static final int SIZE = 2;
  private static final int TOKEN = 5;

  /// Three parts of the ring and a buffer, [GuestHeap#GRAIN] bytes each.
  private static final Slab SLAB = new Slab(4 * GuestHeap.GRAIN);

  private static final Ledger DRIVER = new Ledger();
  private static final Ledger DEVICE = new Ledger();

  /// A ring with both notifications suppressed, and a buffer of one word.
  abstract static class Ring {
    private final MemorySegment memory = SLAB.take();
    private final GuestHeap heap = new GuestHeap(memory, 0);
    private final long buffer = heap.allocate(Integer.BYTES, Integer.BYTES);
    final DriverQueue driver;
    final VirtQueue device;
    final Chain chain = new Chain();
    final Burst burst = new Burst();
    int signals;

    Ring(long features) {
      driver = DriverQueue.create(0, SIZE, features, 0, heap, DRIVER);
      driver.disableSignals();
      device =
          Objects.requireNonNull(
              VirtQueue.open(
                  0,
                  driver.addresses(),
                  new MappedMemory(List.of(new MemoryRegion(0, memory))),
                  features,
                  VirtQueue.freshPosition(features),
                  DEVICE,
                  this::signal,
                  queue -> {}));
      device.bind(burst);
      device.suppressKicks();
    }

    private boolean signal() {
      signals++;
      return true;
    }

    final int buffer() {
      return memory.get(ValueLayout.JAVA_INT, buffer);
    }

    final void buffer(int value) {
      memory.set(ValueLayout.JAVA_INT, buffer, value);
    }

    final void offerReadable() {
      driver.begin();
      driver.out(heap.gpa(buffer), Integer.BYTES);
      driver.commit(TOKEN);
    }

    final void offerWritable() {
      driver.begin();
      driver.in(heap.gpa(buffer), Integer.BYTES);
      driver.commit(TOKEN);
    }

    static int bit(boolean b) {
      return b ? 1 : 0;
    }
  }

  /// MO-DQ-1 against MO-SQ-1. Results: chain seen, its length, buffer.
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "The device looked first.")
  @Outcome(
      id = "1, 4, 7",
      expect = ACCEPTABLE,
      desc = "The device sees the chain and what is in it.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "The index is visible before the element, descriptor or buffer.")
  @State
  public static class PublishAgainstPeek extends Ring {
    public PublishAgainstPeek() {
      super(0);
    }

    @Actor
    public void driver() {
      buffer(7);
      offerReadable();
      driver.publish();
    }

    @Actor
    public void device(III_Result r) {
      if (device.peek(chain)) {
        r.r1 = 1;
        r.r2 = chain.readable();
        r.r3 = chain.readInt(0);
      } else if (device.fault() != null) {
        r.r1 = -1;
      }
    }
  }

  /// MO-SQ-2 against MO-DQ-3. Results: token, length, buffer.
  @JCStressTest
  @Outcome(id = "-1, 0, 0", expect = ACCEPTABLE, desc = "The driver looked first.")
  @Outcome(
      id = "5, 4, 7",
      expect = ACCEPTABLE,
      desc = "The driver has its chain back with what was written.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "The index is visible before the used element or the written bytes.")
  @State
  public static class CompleteAgainstReclaim extends Ring {
    public CompleteAgainstReclaim() {
      super(0);
      offerWritable();
      driver.publish();
      device.peek(chain);
    }

    @Actor
    public void device() {
      chain.segment(0).set(ValueLayout.JAVA_INT, chain.offset(0), 7);
      device.complete(chain, Integer.BYTES);
      burst.publish();
    }

    @Actor
    public void driver(III_Result r) {
      r.r1 = driver.nextUsed();
      if (r.r1 >= 0) {
        r.r2 = driver.usedLength();
        r.r3 = buffer();
      }
    }
  }

  /// MO-SQ-2 against MO-DQ-3 for what the device reads: the driver fills the buffer anew as soon as
  /// it is back. Result: what the device read.
  @JCStressTest
  @Outcome(id = "7", expect = ACCEPTABLE, desc = "The device was done before it gave the chain up.")
  @Outcome(expect = FORBIDDEN, desc = "The device read a buffer that it had given back.")
  @State
  public static class ReadAgainstReuse extends Ring {
    public ReadAgainstReuse() {
      super(0);
      buffer(7);
      offerReadable();
      driver.publish();
      device.peek(chain);
    }

    @Actor
    public void device(I_Result r) {
      r.r1 = chain.readInt(0);
      device.complete(chain, 0);
      burst.publish();
    }

    @Actor
    public void driver() {
      if (driver.nextUsed() >= 0) {
        buffer(8);
      }
    }
  }

  /// MO-DQ-2 against MO-SQ-4, used.flags. Results: the driver kicks, the device sees a request on
  /// its second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The device slept first: the driver kicks.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The driver was first: the device stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious kick.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Lost kick: the device sleeps on a request.")
  @State
  public static class KickAgainstArmByFlags extends Ring {
    public KickAgainstArmByFlags() {
      super(0);
      offerReadable();
    }

    @Actor
    public void driver(II_Result r) {
      r.r1 = bit(driver.publish());
    }

    @Actor
    public void device(II_Result r) {
      r.r2 = bit(device.armKicks());
    }
  }

  /// MO-DQ-2 against MO-SQ-4, avail_event. Results as with flags.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The device slept first: the driver kicks.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The driver was first: the device stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious kick.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Lost kick: the device sleeps on a request.")
  @State
  public static class KickAgainstArmByEventIndex extends Ring {
    public KickAgainstArmByEventIndex() {
      super(Feature.EVENT_IDX.mask());
      offerReadable();
    }

    @Actor
    public void driver(II_Result r) {
      r.r1 = bit(driver.publish());
    }

    @Actor
    public void device(II_Result r) {
      r.r2 = bit(device.armKicks());
    }
  }

  /// MO-SQ-3 against MO-DQ-4, avail.flags. Results: the device signals, the driver sees a used
  /// chain on its second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The driver slept first: the device signals.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The device was first: the driver stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious signal.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost signal: the driver sleeps on a used chain.")
  @State
  public static class SignalAgainstEnableByFlags extends Ring {
    public SignalAgainstEnableByFlags() {
      super(0);
      offerReadable();
      driver.publish();
      device.peek(chain);
      device.complete(chain, 0);
    }

    @Actor
    public void device(II_Result r) {
      burst.publish();
      r.r1 = signals;
    }

    @Actor
    public void driver(II_Result r) {
      r.r2 = bit(driver.enableSignals());
    }
  }

  /// MO-SQ-3 against MO-DQ-4, used_event. Results as with flags.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The driver slept first: the device signals.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The device was first: the driver stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious signal.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost signal: the driver sleeps on a used chain.")
  @State
  public static class SignalAgainstEnableByEventIndex extends Ring {
    public SignalAgainstEnableByEventIndex() {
      super(Feature.EVENT_IDX.mask());
      offerReadable();
      driver.publish();
      device.peek(chain);
      device.complete(chain, 0);
    }

    @Actor
    public void device(II_Result r) {
      burst.publish();
      r.r1 = signals;
    }

    @Actor
    public void driver(II_Result r) {
      r.r2 = bit(driver.enableSignals());
    }
  }
}
