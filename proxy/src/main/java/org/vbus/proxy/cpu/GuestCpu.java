package org.vbus.proxy.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;

/// A simulated processor on which a guest written in Java runs: interrupt vectors, a pending set,
/// an interrupt flag, a halted state.
///
/// The thread that calls [#bind()] is the processor. An interrupt that is pending diverts it at the
/// next instruction boundary, which a Java guest marks with [#step()], or out of [#halt()]. Higher
/// vectors go first. A handler runs with interrupts disabled and must return.
public final class GuestCpu implements InterruptSink {
  /// Number of vectors, as on x86.
  public static final int VECTORS = 256;

  private static final VarHandle PENDING =
      MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
  private static final VarHandle HALTED;

  static {
    try {
      HALTED =
          MethodHandles.lookup()
              .findVarHandle(GuestCpu.class, "halted", boolean.class)
              .withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// One bit per vector; [#anyPending] says whether they are worth a look.
  private final long[] pending = new long[VECTORS / 64];

  @SuppressWarnings("unused") // through HALTED
  private volatile boolean halted;

  private volatile boolean anyPending;
  private volatile @Nullable Thread thread;
  private final @Nullable Runnable[] handlers = new @Nullable Runnable[VECTORS];
  private final Ledger ledger = new Ledger();
  private boolean enabled = true;

  /// A processor without handlers, interrupts enabled.
  public GuestCpu() {}

  /// Interrupts taken, halts and wakes of this processor; counted on its thread.
  public Ledger ledger() {
    return ledger;
  }

  /// Makes the calling thread the processor. Before the first halt.
  public void bind() {
    thread = Thread.currentThread();
  }

  /// Sets what runs when `vector` is taken, null for nothing.
  public void handler(int vector, @Nullable Runnable handler) {
    handlers[vector] = handler;
  }

  @Override
  public void interrupt(int vector) {
    if (vector < 0 || vector >= VECTORS) {
      return;
    }
    // [MO-CPU-1] VOLATILE pending bit, anyPending, then the load of `halted`. Partner: MO-CPU-2,
    // MO-CPU-3. Orders: the bit before anyPending, both before the look whether to unpark.
    long _ = (long) PENDING.getAndBitwiseOr(pending, vector >>> 6, 1L << vector);
    if (!anyPending) {
      anyPending = true;
    }
    if ((boolean) HALTED.getVolatile(this)) {
      LockSupport.unpark(thread);
    }
  }

  /// An instruction boundary: takes what is pending, if interrupts are enabled.
  public void step() {
    if (anyPending && enabled) {
      take();
    }
  }

  private void take() {
    // [MO-CPU-2] VOLATILE anyPending = false, then the loads of the bits. Partner: MO-CPU-1.
    // Orders:
    // the store before the look: a sender that still saw true has its bit found here.
    anyPending = false;
    for (int word = pending.length - 1; word >= 0; word--) {
      if ((long) PENDING.getVolatile(pending, word) == 0) {
        continue;
      }
      long bits = (long) PENDING.getAndSet(pending, word, 0L);
      while (bits != 0) {
        int bit = 63 - Long.numberOfLeadingZeros(bits);
        bits &= ~(1L << bit);
        ledger.add(Event.INTERRUPTS, 1);
        Runnable handler = handlers[word << 6 | bit];
        if (handler != null) {
          enabled = false;
          handler.run();
          enabled = true;
        }
      }
    }
  }

  /// Disables interrupts: what arrives stays pending.
  public void disable() {
    enabled = false;
  }

  /// Enables interrupts and takes what is pending.
  public void enable() {
    enabled = true;
    step();
  }

  /// Stops until an interrupt is pending, then takes it; interrupts are enabled by it. The check
  /// for pending interrupts and the stop are one step, as with `sti; hlt`: none is slept through.
  public void halt() {
    halt(Long.MAX_VALUE);
  }

  /// Like [#halt()], for at most `nanos`: a processor whose timer is set.
  public void halt(long nanos) {
    enabled = true;
    if (anyPending) {
      take();
      return;
    }
    ledger.add(Event.HALTS, 1);
    long deadline = nanos == Long.MAX_VALUE ? 0 : System.nanoTime() + nanos;
    // [MO-CPU-3] VOLATILE halted = true, then the load of anyPending. Partner: MO-CPU-1. Orders:
    // the store before the last look: either it sees the interrupt or the sender unparks.
    HALTED.setVolatile(this, true);
    while (!anyPending) {
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          break;
        }
        LockSupport.parkNanos(this, left);
      }
      if (Thread.currentThread().isInterrupted()) {
        break;
      }
    }
    HALTED.setVolatile(this, false);
    if (anyPending) {
      ledger.add(Event.WAKES, 1);
      take();
    }
  }
}
