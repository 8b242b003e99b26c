package org.vbus.bench.load;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.vbus.bench.BenchFailure;

/// Two guests on one thread: A sends at a rate that is given, B takes or sends back. Both queues of
/// both guests are polled all the time, so what is measured is the back-end's time and not that of
/// waking a guest.
///
/// The loop is open: frames are due by the clock, and time counts from when they were due. Nothing
/// is allocated in it. One thread, whose processor should be its own.
final class Traffic {
  private static final int BURST = 32;
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(20);

  /// No frame for so long: what is missing does not come any more.
  private static final long QUIET = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long GREETING = TimeUnit.SECONDS.toNanos(20);
  private static final long GREETING_AGAIN = TimeUnit.MILLISECONDS.toNanos(100);

  private final GuestPort a;
  private final GuestPort b;
  private final Histogram latency = new Histogram(1, LONGEST, 3);
  private int run;
  private boolean reflect;
  private long firstOfWindow;
  private long received;
  private long strays;
  private long lastNumber;
  private long passes;
  private long idleNanos;
  private long full;

  /// Between guests that are attached.
  Traffic(GuestPort a, GuestPort b) {
    this.a = a;
    this.b = b;
  }

  /// Lets a frame go each way, so that a switch has learned where both guests are.
  ///
  /// @throws BenchFailure when none arrives
  void greet() {
    a.begin(false);
    b.begin(false);
    greet(b, a);
    greet(a, b);
  }

  private void greet(GuestPort from, GuestPort to) {
    run = run + 1 & 0x3fff;
    long start = System.nanoTime();
    long again = start;
    while (System.nanoTime() - start < GREETING) {
      if (System.nanoTime() - again >= 0) {
        again += GREETING_AGAIN;
        boolean _ = from.put(run, 0, 0);
        from.flush();
      }
      boolean arrived = false;
      for (long at; (at = to.next()) >= 0; ) {
        arrived |= to.run(at) == run;
        to.recycle();
      }
      to.refill();
      if (arrived) {
        return;
      }
      Thread.onSpinWait();
    }
    throw new BenchFailure(
        "no frame from guest to guest in %d s".formatted(GREETING / 1_000_000_000));
  }

  /// Does what is offered.
  ///
  /// @throws BenchFailure when the back-end is gone, or breaks a ring
  Outcome run(Offer offer) {
    if (a.gone() || b.gone()) {
      throw new BenchFailure("the back-end has closed its connection");
    }
    prepare(offer);
    try {
      return measure(offer);
    } catch (IllegalStateException e) {
      throw new BenchFailure("the back-end breaks a ring: " + e.getMessage(), e);
    }
  }

  private void prepare(Offer offer) {
    latency.reset();
    run = run + 1 & 0x3fff;
    reflect = offer.reflect();
    received = 0;
    strays = 0;
    lastNumber = -1;
    firstOfWindow = Long.MAX_VALUE;
    a.begin(offer.interrupts());
    b.begin(offer.interrupts());
  }

  private Outcome measure(Offer offer) {
    long start = System.nanoTime();
    Pace pace = new Pace(start, offer.rate());
    long open = start + offer.warmUp().toNanos();
    pump(pace, open);
    // What is due from now on counts, also where frames from before it are late.
    firstOfWindow = pace.taken() + Math.max(pace.due(open), 0);
    long before = received;
    passes = 0;
    idleNanos = 0;
    full = 0;
    pump(pace, open + offer.window().toNanos());
    long closed = System.nanoTime();
    long inWindow = received - before;
    long late = Math.max(pace.due(closed), 0);
    drain(pace);
    return new Outcome(
        (System.nanoTime() - start) / 1e9,
        (closed - open) / 1e9,
        pace.taken() + late,
        pace.taken(),
        received,
        inWindow,
        strays,
        a.kicks() + b.kicks(),
        a.calls() + b.calls(),
        (double) full / Math.max(passes, 1),
        (double) idleNanos / (closed - open),
        latency.copy());
  }

  /// Sends and receives until it is so late.
  private void pump(Pace pace, long until) {
    long now = System.nanoTime();
    while (now - until < 0) {
      int work = offer(pace, now) + turn();
      long then = now;
      now = System.nanoTime();
      passes++;
      if (work == 0) {
        idleNanos += now - then;
      }
    }
  }

  /// Receives what is still under way.
  private void drain(Pace pace) {
    long last = System.nanoTime();
    while (received < pace.taken() && System.nanoTime() - last < QUIET) {
      if (turn() > 0) {
        last = System.nanoTime();
      }
    }
  }

  private int offer(Pace pace, long now) {
    long due = pace.due(now);
    int n = (int) Math.min(due, BURST);
    int put = 0;
    while (put < n && a.put(run, pace.taken(), pace.time())) {
      pace.take();
      put++;
    }
    if (put > 0) {
      a.flush();
    }
    if (put < n) {
      full++;
    }
    return Math.max(put, 0);
  }

  /// Lets both guests look at what they have received.
  private int turn() {
    return reflect ? echo() + take(a) : take(b);
  }

  private int echo() {
    int n = 0;
    if (b.awake()) {
      for (long at; n < BURST && (at = b.next()) >= 0; n++) {
        if (b.run(at) == run) {
          // No room is a frame lost, which is found out at the other end.
          boolean _ = b.put(run, b.number(at), b.due(at));
        }
        b.recycle();
      }
      if (n > 0) {
        b.flush();
        b.refill();
      }
      if (n < BURST) {
        b.rest();
      }
    }
    return n;
  }

  private int take(GuestPort guest) {
    int n = 0;
    if (guest.awake()) {
      long at = guest.next();
      if (at >= 0) {
        long now = System.nanoTime();
        do {
          count(guest, at, now);
          guest.recycle();
          n++;
        } while (n < BURST && (at = guest.next()) >= 0);
        guest.refill();
      }
      if (n < BURST) {
        guest.rest();
      }
    }
    return n;
  }

  private void count(GuestPort guest, long at, long now) {
    long number = guest.number(at);
    if (guest.run(at) != run || number <= lastNumber) {
      strays++;
      return;
    }
    lastNumber = number;
    received++;
    if (number >= firstOfWindow) {
      latency.recordValue(Math.clamp(now - guest.due(at), 1, LONGEST));
    }
  }
}
