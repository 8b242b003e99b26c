package org.vbus.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.vbus.bench.report.Latency;
import org.vbus.bench.report.Part;
import org.vbus.bench.report.Run;
import org.vbus.connector.kvm.UserExit;
import org.vbus.connector.kvm.guest.GuestCounter;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.RequestProgram;
import org.vbus.core.ledger.Event;
import org.vbus.linux.Kvm;
import org.vbus.linux.KvmStatistics;

/// One machine and the measurements taken on it.
///
/// Figures are differences between two moments, read without stopping the guest: what is under way
/// at either moment makes them wrong by a few events.
final class KvmSession implements AutoCloseable {
  /// Of the kernel's counters, the one that is exits per I/O.
  private static final String EXITS = "exits";

  private static final String HALT_EXITS = "halt_exits";
  private static final long PATIENCE = 60_000_000_000L;

  private final KvmCase what;
  private final String label;
  private final KvmStack stack;
  private final KvmStatistics statistics;
  private double maximumRate;
  private long allowed;

  KvmSession(Kvm kvm, KvmCase what, String label, Placement placement) {
    this.what = what;
    this.label = label;
    this.stack =
        new KvmStack(
            kvm,
            new RequestProgram(what.options()),
            what.policy(),
            what.devices(),
            what.depth(),
            what.kicks(),
            placement);
    this.statistics = stack.host().vcpu().statistics();
    try {
      stack.await(GuestState.READY);
    } catch (BenchFailure e) {
      stack.close();
      throw e;
    }
  }

  private KvmMoment now() {
    return new KvmMoment(stack, statistics);
  }

  /// Runs `load` for `warmUp`, then measures it for `window` nanoseconds. Rates come before
  /// [Run#ONE_AT_A_TIME] and [Run#MAXIMUM], after which a guest cannot be held back any more, and
  /// need a maximum that was measured on another machine of the same kind.
  Run measure(double load, double maximum, long warmUp, long window) {
    maximumRate = maximum;
    drive(load, warmUp);
    stack.restart();
    KvmMoment before = now();
    Histogram late = drive(load, window);
    awaitProgress(before.answered());
    KvmMoment change = now().since(before);
    Histogram latency = closed(load) ? stack.turns() : late;
    if (stack.counters().get(GuestCounter.BAD_ANSWERS) != 0) {
      throw new BenchFailure(what.name() + ": the guest got wrong answers");
    }
    return run(load, change, latency);
  }

  /// A guest on a busy machine may get no time in a whole window; one that gets nothing done for
  /// much longer waits for an interrupt that never comes.
  private void awaitProgress(long before) {
    long deadline = System.nanoTime() + PATIENCE;
    while (stack.counters().answered() == before) {
      if (System.nanoTime() > deadline) {
        throw new BenchFailure(what.name() + ": stalled: " + stack.counters());
      }
      Nap.nanos(1_000_000);
    }
  }

  private static boolean closed(double load) {
    return load == Run.ONE_AT_A_TIME || load == Run.MAXIMUM;
  }

  /// Exits per second of a guest that has nothing to do.
  double idleExitsPerSecond(long window) {
    KvmMoment before = now();
    Nap.nanos(window);
    KvmMoment change = now().since(before);
    return change.kernel(EXITS) / change.seconds();
  }

  private Histogram drive(double load, long nanos) {
    if (!closed(load)) {
      return atRate(load * maximumRate, nanos);
    }
    stack.allow(Long.MAX_VALUE);
    Nap.until(System.nanoTime() + nanos);
    return new Histogram(3);
  }

  /// Lets a batch of requests arrive on each device at even intervals, however the guest gets on.
  ///
  /// @return how long after its arrival each batch was answered, as far as it can be seen in
  ///   between
  private Histogram atRate(double perSecond, long nanos) {
    Histogram latency = new Histogram(3);
    long perTick = what.batch();
    double interval = perTick * 1e9 / perSecond;
    long start = System.nanoTime();
    long first = allowed;
    int ticks = (int) (nanos / interval);
    int answered = 0;
    for (int tick = 0; tick < ticks; ) {
      long due = start + (long) (tick * interval);
      long now = System.nanoTime();
      if (now >= due) {
        allowed += what.depth();
        stack.allow(allowed);
        tick++;
      }
      answered = look(latency, start, interval, first, answered);
      long next = start + (long) (tick * interval);
      long left = next - System.nanoTime();
      if (left > 0) {
        Nap.nanos(answered < tick ? Math.min(left, LOOK) : left);
      }
    }
    stack.awaitAnswers(allowed);
    return latency;
  }

  /// How often the pacing thread looks for answers.
  private static final long LOOK = 10_000;

  private int look(Histogram latency, long start, double interval, long first, int answered) {
    long done = stack.counters().answered() / what.batch() - first / what.depth();
    long now = System.nanoTime();
    int upTo = answered;
    for (; upTo < done; upTo++) {
      latency.recordValue(Math.max(1, now - start - (long) (upTo * interval)));
    }
    return upTo;
  }

  private Run run(double load, KvmMoment change, Histogram nanos) {
    long ios = change.answered();
    double kicks = perIo(change.guest(GuestCounter.KICKS), ios);
    double ends = perIo(change.guest(GuestCounter.ENDS_OF_INTERRUPT), ios);
    double halts = perIo(change.kernel(HALT_EXITS), ios);
    double exits = perIo(change.kernel(EXITS), ios);
    double interrupts =
        perIo(
            change.guest(GuestCounter.DEVICE_INTERRUPTS)
                + change.guest(GuestCounter.LEVEL_INTERRUPTS),
            ios);
    Map<String, Double> parts = new LinkedHashMap<>();
    parts.put(Part.KICKS, kicks);
    parts.put(Part.INTERRUPTS, interrupts);
    parts.put(Part.REGISTER_ACCESSES, perIo(change.tally().get(Event.REGISTER_ACCESSES), ios));
    parts.put(Part.HALTS, halts);
    parts.put(Part.KICKS_SUPPRESSED, perIo(change.guest(GuestCounter.KICKS_SUPPRESSED), ios));
    parts.put(Part.SIGNALS, perIo(change.tally().get(Event.SIGNALS), ios));
    parts.put(Part.SIGNALS_COALESCED, perIo(change.tally().get(Event.SIGNALS_COALESCED), ios));
    parts.put(Part.WAKES, perIo(change.tally().get(Event.WAKES), ios));
    parts.put("endsOfInterrupt", ends);
    parts.put("timerInterrupts", perIo(change.guest(GuestCounter.CONTROL_INTERRUPTS), ios));
    for (String name : change.kernelNames()) {
      if (change.kernel(name) > 0) {
        parts.put("kernel." + name, perIo(change.kernel(name), ios));
      }
    }
    for (UserExit exit : UserExit.values()) {
      if (change.user(exit) > 0) {
        parts.put("user." + exit.key(), perIo(change.user(exit), ios));
      }
    }
    Map<String, Object> extra = new LinkedHashMap<>();
    extra.put("batch", what.batch());
    extra.put("label", label);
    extra.put("kvmExitsPerIo", exits);
    extra.put("userExitsPerIo", perIo(change.userExits(), ios));
    extra.put("trapEventsPerIo", kicks + ends + halts);
    return new Run(
        KvmBench.CONNECTOR,
        what.policyName(),
        what.eventIndex(),
        what.devices(),
        load,
        ios,
        change.seconds(),
        kicks,
        interrupts,
        exits,
        Run.MEASURED,
        ios / change.seconds(),
        latency(nanos),
        parts,
        extra);
  }

  private static Latency latency(Histogram nanos) {
    return new Latency(
        nanos.getValueAtPercentile(50) / 1e3,
        nanos.getValueAtPercentile(99) / 1e3,
        nanos.getValueAtPercentile(99.9) / 1e3);
  }

  private static double perIo(long count, long ios) {
    return (double) count / ios;
  }

  @Override
  public void close() {
    stack.close();
  }
}
