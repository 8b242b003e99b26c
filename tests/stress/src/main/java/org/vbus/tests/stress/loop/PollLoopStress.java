package org.vbus.tests.stress.loop;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Pollable;
import org.vbus.core.loop.Waiter;
import org.vbus.tests.stress.Slab;

/// A loop that falls asleep against [PollLoop#wake()]. The loop has no thread here: an actor calls
/// its private `sleep()`, and the waiter, once it is to sleep, stays asleep by throwing.
public class PollLoopStress {
  private static final int FRAME = 512;
  private static final Slab SLAB = new Slab(FRAME);
  private static final MethodHandle SLEEP;
  private static final VarHandle RUNNING;

  static {
    try {
      MethodHandles.Lookup lookup =
          MethodHandles.privateLookupIn(PollLoop.class, MethodHandles.lookup());
      SLEEP = lookup.findVirtual(PollLoop.class, "sleep", MethodType.methodType(void.class));
      RUNNING = lookup.findVarHandle(PollLoop.class, "running", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// The loop is asleep and nobody will ever see it wake.
  private static final class Asleep extends RuntimeException {
    private static final long serialVersionUID = 1;
    static final Asleep ASLEEP = new Asleep();

    private Asleep() {
      super(null, null, false, false);
    }
  }

  private static void sleep(PollLoop loop) {
    try {
      SLEEP.invokeExact(loop);
    } catch (Asleep _) {
      // for good
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// A loop at the point of sleeping, with one word of work to look at.
  abstract static class Loop implements Waiter, Pollable {
    final PollLoop loop = new PollLoop("stress", this, Idle.BLOCK);
    int work;
    int seen;
    int woken;

    Loop() {
      loop.add(this);
      RUNNING.set(loop, true);
    }

    @Override
    public void block(long nanos) {
      throw Asleep.ASLEEP;
    }

    @Override
    public void wake() {
      woken++;
    }

    @Override
    public int poll(int budget) {
      seen = work;
      return seen;
    }
  }

  /// MO-PL-1 against MO-PL-2. Results: the waiter was woken, the loop saw the work.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The loop slept first: it is woken.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The work was first: the loop stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious wake.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost wake-up: the loop sleeps on announced work.")
  @State
  public static class WakeAgainstSleep extends Loop {
    @Actor
    public void producer(II_Result r) {
      work = 1;
      loop.wake();
      r.r1 = woken;
    }

    @Actor
    public void loop(II_Result r) {
      sleep(loop);
      r.r2 = seen;
    }
  }

  /// The same when the producer has written a frame: its work stays in the store buffer for long,
  /// so this finds a missing MO-PL-1, and the other a missing MO-PL-2.
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The loop slept first: it is woken.")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The work was first: the loop stays awake.")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both noticed: one spurious wake.")
  @Outcome(
      id = "0, 0",
      expect = FORBIDDEN,
      desc = "Lost wake-up: the loop sleeps on announced work.")
  @State
  public static class WakeForFrameAgainstSleep extends Loop {
    private final MemorySegment frame = SLAB.take();

    @Actor
    public void producer(II_Result r) {
      for (int line = 0; line < FRAME; line += 64) {
        frame.set(ValueLayout.JAVA_LONG, line, 1);
      }
      work = 1;
      loop.wake();
      r.r1 = woken;
    }

    @Actor
    public void loop(II_Result r) {
      sleep(loop);
      r.r2 = seen;
    }
  }
}
