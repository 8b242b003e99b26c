package org.vbus.bench;

import java.util.Random;
import org.vbus.bench.report.Run;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.guest.Guest;

/// What the guest does for a while: one of three ways to put load on its devices. Each starts and
/// ends idle, with nothing in flight.
///
/// - *One at a time*: one request in flight altogether, devices in turn; the guest halts until it
///   is back, and finishes its deferred work before the next one.
/// - *Maximum*: a closed loop. Every device has all its requests in flight, each of which is
///   submitted anew when it comes back; the guest polls what is scheduled and halts when nothing
///   is.
/// - *A rate*: an open loop. Requests arrive whether or not the guest keeps up, with exponential
///   times between them (from a table made beforehand with a fixed seed), for the devices in turn.
///   Latency counts from the moment at which a request should have been submitted, so it includes
///   waiting for a free place in the queue, its own and that of the requests before it. Between
///   arrivals the guest does not halt: the gaps are shorter than a timer resolves. It stands for a
///   guest that runs other code meanwhile, which an interrupt diverts at the next instruction
///   boundary ([GuestCpu#step()]); so an interrupt needs no wake-up, and there are no halts to
///   count. At a rate that is too high, arrivals still get through late, but for those that are not
///   through when a quarter of the time has passed once more.
///
/// Each request is published, and the device kicked if it wants that, on its own, as by independent
/// processes.
///
/// Nothing is allocated per request.
final class Workload {
  private static final int GAPS = 1 << 14;
  private static final long SEED = 20_260_101;

  private final Guest guest;
  private final GuestCpu cpu;
  private final Requests requests;

  /// Exponentially distributed, 1 on average.
  private final double[] gaps = new double[GAPS];

  private volatile boolean cancelled;

  Workload(Guest guest, Requests requests) {
    this.guest = guest;
    this.cpu = guest.cpu();
    this.requests = requests;
    Random random = new Random(SEED);
    for (int i = 0; i < GAPS; i++) {
      gaps[i] = random.nextExponential();
    }
  }

  /// Loads the devices for `nanos`, then waits for what is in flight.
  ///
  /// @param maximumRate requests per second that are 100 % of `load`; not needed for the extremes
  void run(double load, double maximumRate, long nanos) {
    if (load == Run.ONE_AT_A_TIME) {
      oneAtATime(nanos);
    } else if (load == Run.MAXIMUM) {
      maximum(nanos);
    } else {
      rate(1e9 / (load * maximumRate), nanos);
    }
  }

  /// Makes the guest give up; any thread, which should then interrupt the guest's.
  void cancel() {
    cancelled = true;
  }

  private void oneAtATime(long nanos) {
    long end = System.nanoTime() + nanos;
    int device = 0;
    long now = System.nanoTime();
    do {
      requests.submit(device, now);
      finish();
      device = after(device);
      now = System.nanoTime();
    } while (now < end);
  }

  private void maximum(long nanos) {
    long end = System.nanoTime() + nanos;
    requests.refill(true);
    for (int device = 0; device < requests.devices(); device++) {
      while (requests.submit(device, System.nanoTime())) {}
    }
    while (System.nanoTime() < end) {
      turn();
    }
    requests.refill(false);
    finish();
  }

  private void rate(double meanGap, long nanos) {
    long start = System.nanoTime();
    double next = gaps[0] * meanGap;
    int arrival = 0;
    int device = 0;
    long now = 0;
    while (next < nanos && now < nanos + nanos / 4) {
      now = System.nanoTime() - start;
      boolean arrived = false;
      while (next <= now && next < nanos && requests.submit(device, start + (long) next)) {
        arrived = true;
        arrival = (arrival + 1) & (GAPS - 1);
        next += gaps[arrival] * meanGap;
        device = after(device);
      }
      if (guest.poll() == 0 && !arrived) {
        Thread.onSpinWait();
      }
      checkCancelled();
    }
    while (requests.inFlight() > 0) {
      guest.poll();
      checkCancelled();
    }
    finish();
  }

  private int after(int device) {
    return device + 1 == requests.devices() ? 0 : device + 1;
  }

  /// Waits until nothing is in flight and the guest has no deferred work left.
  private void finish() {
    while (requests.inFlight() > 0) {
      turn();
    }
    while (guest.busy() && !guest.polling()) {
      guest.poll();
    }
  }

  /// Polls once, and halts when there is nothing to poll.
  private void turn() {
    if (guest.poll() == 0) {
      if (guest.busy()) {
        Thread.onSpinWait();
      } else {
        cpu.halt();
      }
    }
    checkCancelled();
  }

  private void checkCancelled() {
    if (cancelled) {
      throw new BenchFailure("cancelled");
    }
  }
}
