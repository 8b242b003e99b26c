package org.vbus.tests.stress.cpu;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.vbus.proxy.cpu.GuestCpu;

/// Interrupts against the processor that takes them: each is taken, and none twice. Halting is in
/// `GuestCpuSoakTest`.
public class GuestCpuStress {
  /// A processor with two vectors in one word of the pending set.
  abstract static class Processor {
    final GuestCpu cpu = new GuestCpu();
    int data;
    int seen;
    int first;
    int second;

    Processor() {
      cpu.handler(1, this::takeFirst);
      cpu.handler(2, this::takeSecond);
    }

    private void takeFirst() {
      first++;
      seen = data;
    }

    private void takeSecond() {
      second++;
    }
  }

  /// Nothing was pending. Result: times taken.
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "Taken once, now or at the next step.")
  @Outcome(expect = FORBIDDEN, desc = "The interrupt was lost, or taken twice.")
  @State
  public static class InterruptAgainstStep extends Processor {
    @Actor
    public void south() {
      cpu.interrupt(1);
    }

    @Actor
    public void processor() {
      cpu.step();
    }

    @Arbiter
    public void arbiter(I_Result r) {
      cpu.step();
      r.r1 = first;
    }
  }

  /// Another vector of the same word is pending, so south may find that the processor was told
  /// already. Results: times taken of both vectors.
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Each was taken once.")
  @Outcome(expect = FORBIDDEN, desc = "An interrupt was lost behind another, or taken twice.")
  @State
  public static class SecondInterruptAgainstStep extends Processor {
    public SecondInterruptAgainstStep() {
      cpu.interrupt(2);
    }

    @Actor
    public void south() {
      cpu.interrupt(1);
    }

    @Actor
    public void processor() {
      cpu.step();
    }

    @Arbiter
    public void arbiter(II_Result r) {
      cpu.step();
      r.r1 = first;
      r.r2 = second;
    }
  }

  /// The vector is pending already when its device changes memory and interrupts again. Results:
  /// times taken, data that the handler saw last.
  @JCStressTest
  @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "The pending interrupt covers the change.")
  @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "A second interrupt tells of the change.")
  @Outcome(expect = FORBIDDEN, desc = "The handler's last look is older than the change.")
  @State
  public static class SameInterruptAgainstStep extends Processor {
    public SameInterruptAgainstStep() {
      data = 1;
      cpu.interrupt(1);
    }

    @Actor
    public void south() {
      data = 2;
      cpu.interrupt(1);
    }

    @Actor
    public void processor() {
      cpu.step();
    }

    @Arbiter
    public void arbiter(II_Result r) {
      cpu.step();
      r.r1 = first;
      r.r2 = seen;
    }
  }

  /// Two devices interrupt. Results: times taken of both vectors.
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Each was taken once.")
  @Outcome(expect = FORBIDDEN, desc = "One interrupt hid the other.")
  @State
  public static class InterruptAgainstInterrupt extends Processor {
    @Actor
    public void first() {
      cpu.interrupt(1);
    }

    @Actor
    public void second() {
      cpu.interrupt(2);
    }

    @Arbiter
    public void arbiter(II_Result r) {
      cpu.step();
      r.r1 = first;
      r.r2 = second;
    }
  }
}
