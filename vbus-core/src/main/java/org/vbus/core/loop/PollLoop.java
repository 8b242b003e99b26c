package org.vbus.core.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Burst;

/// One thread that owns queues and polls them; the data path of every device runs here.
///
/// A pass drains the commands, polls each [Pollable] from a rotating start and publishes its burst;
/// of very many it polls those that have work, and some of the others in turn. Without work the
/// loop spins as its [Idle] says, then asks for kicks, looks again at everything and sleeps.
///
/// Control threads change what a loop owns with [#add(Pollable)] and [#remove(Pollable)], which
/// return when the loop has done so: after `remove` the loop will never touch the pollable again. A
/// loop that was not started is stepped by whoever calls [#doWork()], which is how tests interleave
/// the sides of a boundary; the caller of `add` and `remove` then acts for the loop.
public final class PollLoop implements AutoCloseable {
  /// Units of work per pollable and pass.
  public static final int BUDGET = 64;

  private static final Logger LOG = LoggerFactory.getLogger(PollLoop.class);
  private static final VarHandle SLEEPING;

  static {
    try {
      SLEEPING =
          MethodHandles.lookup()
              .findVarHandle(PollLoop.class, "sleeping", boolean.class)
              .withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// Less is not worth a look at the clock, nanoseconds.
  private static final long SHORTEST_SPIN = 5_000;

  private final String name;
  private final Waiter waiter;
  private final long spinLimit;
  private final Burst burst = new Burst();
  private final Ledger ledger = new Ledger();
  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Roster roster = new Roster();
  private long now = System.nanoTime();

  /// How long to spin at present, nanoseconds.
  private long spin;

  @SuppressWarnings("unused") // through SLEEPING
  private volatile boolean sleeping;

  private volatile boolean running;

  /// The thread polls no more, and never will.
  private volatile boolean ended;

  private volatile @Nullable Thread thread;
  private long failures;

  /// A loop that is not running yet.
  public PollLoop(String name, Waiter waiter, Idle idle) {
    this.name = name;
    this.waiter = waiter;
    this.spinLimit = idle.spin().toNanos();
    this.spin = spinLimit;
  }

  /// Name, also that of its thread.
  public String name() {
    return name;
  }

  /// What the loop sleeps on.
  public Waiter waiter() {
    return waiter;
  }

  /// The completions staged by this loop's queues.
  public Burst burst() {
    return burst;
  }

  /// Wakes of this loop.
  public Ledger ledger() {
    return ledger;
  }

  /// Time of the current pass, as [System#nanoTime()]; only on the loop's thread.
  public long now() {
    return now;
  }

  /// Whether the caller is the loop, or acts for a loop that was not started.
  public boolean inLoop() {
    Thread owner = thread;
    return owner == null || owner == Thread.currentThread();
  }

  /// Starts the thread.
  ///
  /// @throws IllegalStateException when it was started or closed before
  public void start() {
    if (thread != null || closed.get()) {
      throw new IllegalStateException("loop " + name + " was started before");
    }
    running = true;
    Thread owner = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
    thread = owner;
    owner.start();
  }

  /// Hands `pollable` to the loop; returns when the loop owns it.
  public void add(Pollable pollable) {
    execute(() -> {
      roster.add(pollable);
      disarm(pollable);
    });
  }

  /// Takes `pollable` from the loop; returns when the loop has let go of it for good.
  public void remove(Pollable pollable) {
    execute(() -> {
      roster.remove(pollable);
      publish();
    });
  }

  /// Runs `command` on the loop, between two polls, and returns when it has run. Once the loop is
  /// closed commands run here, one at a time. An interrupt of the caller waits until the command
  /// has run, because what the loop was to let go of is freed afterwards.
  ///
  /// @throws IllegalStateException when the command failed
  public void execute(Runnable command) {
    if (inLoop()) {
      command.run();
      return;
    }
    FutureTask<@Nullable Void> task = new FutureTask<>(command, null);
    commands.add(task);
    wake();
    if (ended) {
      drainAfterEnd();
    }
    try {
      await(task);
    } catch (ExecutionException e) {
      throw new IllegalStateException("command on loop " + name + " failed", e.getCause());
    }
  }

  private static void await(FutureTask<@Nullable Void> task) throws ExecutionException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Makes the loop look at its pollables soon; what the caller published before is seen. Any
  /// thread.
  public void wake() {
    // [MO-PL-1] FULL FENCE. Partner: MO-PL-2. Orders: what the caller published (an avail index, a
    // command, a frame in an inbox) before the load of `sleeping`.
    VarHandle.fullFence();
    if ((boolean) SLEEPING.getOpaque(this) && SLEEPING.compareAndSet(this, true, false)) {
      waiter.wake();
    }
  }

  /// One pass.
  ///
  /// @return units of work done; of very many pollables, 0 does not say that none has any
  public int doWork() {
    now = System.nanoTime();
    int work = drainCommands();
    return work + (roster.many() ? pollSome() : pollAll());
  }

  /// A pass that leaves nothing out.
  private int lookAtAll() {
    now = System.nanoTime();
    return drainCommands() + pollAll();
  }

  // A pollable that changes what the loop owns ends the pass: what it removed is not polled.

  private int pollAll() {
    int n = roster.size();
    if (n == 0) {
      return 0;
    }
    int changes = roster.changes();
    int first = roster.rotate(n);
    int work = 0;
    for (int i = 0; i < n && changes == roster.changes(); i++) {
      int at = first + i;
      at = at < n ? at : at - n;
      int done = poll(roster.get(at));
      work += done;
      // When many became few, some may still be asked for kicks as of before their last work.
      if (done > 0 && changes == roster.changes() && (n > Roster.FEW || roster.isAsked(at))) {
        worked(at, changes);
      }
    }
    return work;
  }

  private int pollSome() {
    int changes = roster.changes();
    int busy = roster.busyCount();
    int first = roster.rotate(busy);
    int work = 0;
    for (int i = 0; i < busy && changes == roster.changes(); i++) {
      int turn = first + i;
      int at = roster.busy(turn < busy ? turn : turn - busy);
      int done = poll(roster.get(at));
      work += done;
      if (done > 0) {
        worked(at, changes);
      }
    }
    for (int i = 0; i < Roster.SLICE && changes == roster.changes(); i++) {
      int at = roster.nextOfSlice();
      if (!roster.isBusy(at)) {
        int done = poll(roster.get(at));
        work += done;
        if (done > 0) {
          worked(at, changes);
        }
      }
    }
    if (changes == roster.changes()) {
      roster.cool(now);
    }
    return work;
  }

  /// One of very many had work: it will have more, without kicks.
  private void worked(int at, int changes) {
    if (changes == roster.changes() && roster.worked(at, now)) {
      roster.asked(at, false);
      disarm(roster.get(at));
    }
  }

  private int poll(Pollable pollable) {
    int done = 0;
    try {
      done = pollable.poll(BUDGET);
    } catch (RuntimeException | Error e) {
      failed(e);
    }
    publish();
    return done;
  }

  private void publish() {
    try {
      burst.publish();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  /// Pollables answer for their own failures; one that does not must not stop the others.
  private void failed(Throwable e) {
    failures++;
    if (Long.bitCount(failures) != 1) {
      return;
    }
    if (e instanceof InternalError) {
      LOG.warn("loop {} goes on, memory of a guest went away ({})", name, e.getMessage());
    } else {
      LOG.error("loop {} goes on after failure {} of what it polls", name, failures, e);
    }
  }

  private int drainCommands() {
    int done = 0;
    for (Runnable command; (command = commands.poll()) != null; done++) {
      command.run();
    }
    return done;
  }

  private void run() {
    try {
      long lastWork = System.nanoTime();
      while (running) {
        try {
          if (doWork() > 0) {
            lastWork = now;
          } else if (now - lastWork < spin) {
            Thread.onSpinWait();
          } else {
            sleep();
            lastWork = System.nanoTime();
            adapt(lastWork - now);
          }
        } catch (InternalError e) {
          // A bus error on memory that went away: compiled code may throw it after the pollable
          // whose memory it is has returned. Its queue breaks when it is touched again.
          failed(e);
        }
      }
    } finally {
      ended = true;
      drainAfterEnd();
    }
  }

  /// Runs what is left, on the loop's thread or that of whoever came too late for it.
  private synchronized void drainAfterEnd() {
    drainCommands();
  }

  /// Spins longer where that would have spared a sleep, and less where it was in vain: work that
  /// comes rarely is not worth the processor, which the guest may need.
  private void adapt(long slept) {
    if (slept < spinLimit) {
      spin = Math.min(spinLimit, Math.max(2 * spin, SHORTEST_SPIN));
    } else {
      spin = spin > SHORTEST_SPIN ? spin / 2 : 0;
    }
  }

  private void sleep() {
    for (int i = 0; i < roster.size(); i++) {
      if (!roster.isAsked(i)) {
        roster.asked(i, true);
        arm(roster.get(i));
      }
    }
    SLEEPING.setOpaque(this, true);
    // [MO-PL-2] FULL FENCE. Partner: MO-PL-1. Orders: `sleeping` and the armed kicks before the
    // last look.
    VarHandle.fullFence();
    if (lookAtAll() == 0 && running) {
      if ((boolean) SLEEPING.getOpaque(this)) {
        waiter.block(longestSleep());
      }
      if (!SLEEPING.compareAndSet(this, true, false)) {
        ledger.add(Event.WAKES, 1);
      }
    } else {
      SLEEPING.setOpaque(this, false);
    }
    if (roster.many()) {
      return;
    }
    for (int i = 0; i < roster.size(); i++) {
      if (roster.isAsked(i)) {
        roster.asked(i, false);
        disarm(roster.get(i));
      }
    }
  }

  private long longestSleep() {
    long nanos = Long.MAX_VALUE;
    for (int i = 0; i < roster.size(); i++) {
      nanos = Math.min(nanos, roster.get(i).idleNanos());
    }
    return nanos;
  }

  private void arm(Pollable pollable) {
    try {
      pollable.arm();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  private void disarm(Pollable pollable) {
    try {
      pollable.disarm();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  /// Ends the loop after its current pass; commands that were accepted still run, and pollables
  /// that were not removed are polled no more. Not on the loop's own thread.
  @Override
  public void close() {
    running = false;
    Thread owner = thread;
    if (owner == Thread.currentThread()) {
      throw new IllegalStateException("loop " + name + " cannot close itself");
    }
    boolean last = closed.compareAndSet(false, true);
    if (owner != null) {
      wake();
      boolean interrupted = false;
      while (owner.isAlive()) {
        try {
          owner.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    if (last) {
      waiter.close();
    }
  }
}
