package org.vbus.proxy.guest;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Ledger;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.GuestHeap;

/// A small operating system for one simulated processor: interrupt handlers, deferred polling,
/// drivers that come and go with their devices.
///
/// ```
///   interrupt --> handler: mask, schedule --> poll with budget ... --> complete: unmask, look again --> halt
/// ```
///
/// Everything runs on the processor's thread; other threads reach it with [#post(Runnable)].
public final class Guest {
  /// Items per poll.
  public static final int BUDGET = 64;

  /// Vector on which [#post(Runnable)] interrupts the processor.
  private static final int POST_VECTOR = 0;

  private final @Nullable GuestConnector connector;
  private final GuestCpu cpu;
  private final GuestHeap heap;
  private final Ledger ledger = new Ledger();
  private final @Nullable GuestBus bus;
  private final ArrayDeque<Napi> scheduled = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();
  private boolean running = true;

  /// A guest on `cpu`, reaching its bus through `connector`. Call on the processor's thread.
  public Guest(GuestConnector connector, GuestCpu cpu) {
    this.connector = connector;
    this.cpu = cpu;
    this.heap = new GuestHeap(connector.memory(), connector.memoryBase());
    start();
    this.bus = new GuestBus(this);
  }

  /// A guest on `cpu` without a bus: whoever makes it binds drivers to devices it knows. Call on
  /// the processor's thread.
  public Guest(GuestHeap heap, GuestCpu cpu) {
    this.connector = null;
    this.cpu = cpu;
    this.heap = heap;
    this.bus = null;
    start();
  }

  private void start() {
    cpu.bind();
    cpu.handler(POST_VECTOR, this::drainPosted);
  }

  /// Its processor.
  public GuestCpu cpu() {
    return cpu;
  }

  /// Its shared memory.
  public GuestHeap heap() {
    return heap;
  }

  /// The mirror of the host's bus; a guest that was made with a connector has one.
  public GuestBus bus() {
    return Objects.requireNonNull(bus, "this guest has no bus");
  }

  /// The north half it was made with.
  public GuestConnector connector() {
    return Objects.requireNonNull(connector, "this guest has no connector");
  }

  /// Kicks and register accesses of this guest.
  public Ledger ledger() {
    return ledger;
  }

  /// Whether it has no interrupts and polls everything all the time.
  public boolean polling() {
    return bus != null && bus.policy() == SignalPolicy.POLLED;
  }

  /// Runs `action` on the processor soon; any thread.
  public void post(Runnable action) {
    posted.add(action);
    cpu.interrupt(POST_VECTOR);
  }

  private void drainPosted() {
    for (Runnable action; (action = posted.poll()) != null; ) {
      action.run();
    }
  }

  /// Puts `napi` on the list of what is polled; harmless when it is there.
  public void schedule(Napi napi) {
    if (!napi.scheduled) {
      napi.scheduled = true;
      scheduled.add(napi);
    }
  }

  /// Takes `napi` off every list.
  public void unschedule(Napi napi) {
    if (napi.scheduled) {
      napi.scheduled = false;
      scheduled.remove(napi);
    }
  }

  /// Polls what is scheduled, each once, after taking pending interrupts.
  ///
  /// @return items handled
  public int poll() {
    cpu.step();
    int work = 0;
    for (int n = scheduled.size(); n > 0; n--) {
      Napi napi = scheduled.poll();
      if (napi == null) {
        break;
      }
      int done = napi.poll(BUDGET);
      work += done;
      if (napi.scheduled) {
        if (done < BUDGET && !polling() && !napi.complete()) {
          napi.scheduled = false;
        } else {
          scheduled.add(napi);
        }
      }
      cpu.step();
    }
    return work;
  }

  /// Whether something is scheduled.
  public boolean busy() {
    return !scheduled.isEmpty();
  }

  /// Polls, and halts when there is nothing to poll, until [#stop()].
  public void run() {
    while (running) {
      if (poll() == 0 && !busy()) {
        cpu.halt();
      } else if (polling()) {
        Thread.onSpinWait();
      }
    }
  }

  /// Polls, and halts when there is nothing to poll, until `done` or for `nanos`.
  ///
  /// @return whether `done`
  public boolean run(BooleanSupplier done, long nanos) {
    long deadline = System.nanoTime() + nanos;
    while (!done.getAsBoolean()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      if (poll() == 0 && !busy() && !done.getAsBoolean()) {
        cpu.halt(left);
      }
    }
    return true;
  }

  /// Whether [#stop()] was not called yet.
  public boolean running() {
    return running;
  }

  /// Makes [#run()] return; on the processor's thread, see [#post(Runnable)].
  public void stop() {
    running = false;
  }
}
