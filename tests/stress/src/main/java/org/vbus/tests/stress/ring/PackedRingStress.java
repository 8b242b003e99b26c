package org.vbus.tests.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.vbus.core.feature.Feature;

/// The two halves of a packed virtqueue against each other: publication in both directions, and the
/// races of both notifications with their suppression, by flags and by place.
public class PackedRingStress {
  private static final long PACKED = Feature.RING_PACKED.mask();

  /// MO-DP-1 against MO-PQ-1. Results: chain seen, its length, buffer.
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "The device looked first.")
  @Outcome(
      id = "1, 4, 7",
      expect = ACCEPTABLE,
      desc = "The device sees the chain and what is in it.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "The flags are visible before the rest of the descriptor or the buffer.")
  @State
  public static class PublishAgainstPeek extends SplitRingStress.Ring {
    public PublishAgainstPeek() {
      super(PACKED);
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

  /// MO-PQ-2 against MO-DP-3. Results: token, length, buffer.
  @JCStressTest
  @Outcome(id = "-1, 0, 0", expect = ACCEPTABLE, desc = "The driver looked first.")
  @Outcome(
      id = "5, 4, 7",
      expect = ACCEPTABLE,
      desc = "The driver has its chain back with what was written.")
  @Outcome(
      expect = FORBIDDEN,
      desc = "The flags are visible before id and length or the written bytes.")
  @State
  public static class CompleteAgainstReclaim extends SplitRingStress.Ring {
    public CompleteAgainstReclaim() {
      super(PACKED);
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

  /// MO-DP-2 against MO-PQ-4, by flags. Results: the driver kicks, the device sees a request on its
  /// second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The device slept first: the driver kicks.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The driver was first: the device stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious kick.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Lost kick: the device sleeps on a request.")
  @State
  public static class KickAgainstArmByFlags extends SplitRingStress.Ring {
    public KickAgainstArmByFlags() {
      super(PACKED);
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

  /// MO-DP-2 against MO-PQ-4, by place. Results as with flags.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The device slept first: the driver kicks.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The driver was first: the device stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious kick.")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Lost kick: the device sleeps on a request.")
  @State
  public static class KickAgainstArmByPlace extends SplitRingStress.Ring {
    public KickAgainstArmByPlace() {
      super(PACKED | Feature.EVENT_IDX.mask());
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

  /// MO-PQ-3 against MO-DP-4, by flags. Results: the device signals, the driver sees a used chain
  /// on its second look.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The driver slept first: the device signals.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The device was first: the driver stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious signal.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost signal: the driver sleeps on a used chain.")
  @State
  public static class SignalAgainstEnableByFlags extends SplitRingStress.Ring {
    public SignalAgainstEnableByFlags() {
      super(PACKED);
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

  /// MO-PQ-3 against MO-DP-4, by place. Results as with flags.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The driver slept first: the device signals.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The device was first: the driver stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious signal.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost signal: the driver sleeps on a used chain.")
  @State
  public static class SignalAgainstEnableByPlace extends SplitRingStress.Ring {
    public SignalAgainstEnableByPlace() {
      super(PACKED | Feature.EVENT_IDX.mask());
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
