package org.vbus.bench;

import java.util.ArrayList;
import java.util.List;
import org.vbus.bench.report.Run;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;

/// Exits per I/O on the loopback connector, over signal policy, event index, number of devices and
/// load.
///
/// Guest and host are one thread each, so two processors are needed for figures that mean anything.
/// Figures are the change of the ledgers between two moments at which nothing is in flight;
/// [Workload] says what the loads are. One at a time the poll loop sleeps as soon as it has nothing
/// to do, so that a lonely request shows every crossing it can cost; else it spins for a while
/// first, as it does by default.
public final class LoopbackBench {
  /// Name of the connector in reports.
  public static final String CONNECTOR = "loopback";

  private static final long ALLOCATION_NOISE = 4096;

  private final Placement placement = Placement.choose();
  private final List<String> allocations = new ArrayList<>();
  private boolean overloaded;

  /// A benchmark that has not run.
  public LoopbackBench() {}

  /// Takes all measurements that `options` ask for.
  ///
  /// @throws BenchFailure when a run stalls or a device answers with wrong bytes
  public List<Run> run(BenchOptions options, Progress progress) {
    allocations.clear();
    warmUpCompiler(options, progress);
    List<Run> runs = new ArrayList<>();
    for (int devices : options.devices()) {
      for (boolean eventIndex : options.eventIndex()) {
        for (SignalPolicy policy : options.policies()) {
          measure(policy, eventIndex, devices, options, progress, runs);
        }
      }
    }
    overloaded = runs.stream().anyMatch(run -> run.extra().containsKey(Session.OFFERED));
    return runs;
  }

  /// All policies and loads for a while, so that the compiler has seen them when it counts.
  private void warmUpCompiler(BenchOptions options, Progress progress) {
    progress.step("warming up");
    int sessions = options.policies().size() * options.eventIndex().size();
    var time = options.jit().dividedBy(sessions * 6L);
    for (SignalPolicy policy : options.policies()) {
      for (boolean eventIndex : options.eventIndex()) {
        Setup setup = new Setup(policy, eventIndex, 2, Idle.ADAPTIVE, placement);
        GuestThread.run(
            setup,
            session -> {
              session.measure(Run.MAXIMUM, time, time);
              session.measure(0.5, time, time);
              session.measure(Run.ONE_AT_A_TIME, time, time);
            });
      }
    }
  }

  private void measure(
      SignalPolicy policy,
      boolean eventIndex,
      int devices,
      BenchOptions options,
      Progress progress,
      List<Run> runs) {
    List<Double> loads = new ArrayList<>(options.loads());
    if (loads.remove(Run.ONE_AT_A_TIME)) {
      Setup sleeping = new Setup(policy, eventIndex, devices, Idle.BLOCK, placement);
      GuestThread.run(
          sleeping,
          session -> {
            progress.step(step(sleeping, "one at a time", runs, options));
            runs.add(session.measure(Run.ONE_AT_A_TIME, options.warmUp(), options.window()));
            noteAllocation(sleeping, session);
          });
    }
    if (loads.isEmpty()) {
      return;
    }
    // The rates are fractions of the maximum, so it comes first, wanted or not.
    boolean wanted = loads.remove(Run.MAXIMUM);
    Setup spinning = new Setup(policy, eventIndex, devices, Idle.ADAPTIVE, placement);
    GuestThread.run(
        spinning,
        session -> {
          progress.step(step(spinning, "maximum", runs, options));
          Run maximum = session.measure(Run.MAXIMUM, options.warmUp(), options.window());
          if (wanted) {
            runs.add(maximum);
          }
          for (double load : loads) {
            progress.step(step(spinning, Math.round(load * 100) + " %", runs, options));
            runs.add(session.measure(load, options.warmUp(), options.window()));
          }
          noteAllocation(spinning, session);
        });
  }

  private static String step(Setup setup, String load, List<Run> runs, BenchOptions options) {
    return "%d of %d: %s, %s".formatted(runs.size() + 1, options.runs(), setup.name(), load);
  }

  private void noteAllocation(Setup setup, Session session) {
    if (session.allocated() > ALLOCATION_NOISE) {
      allocations.add("%s: %d bytes".formatted(setup.name(), session.allocated()));
    }
  }

  /// What a reader of the figures of the last run must know.
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        "loopback: guest and host are two threads of one JVM. A kick or an interrupt is counted as"
            + " on any connector, but costs a method call, and a wake-up if the other side sleeps."
            + " Here: "
            + placement.note()
            + ".");
    notes.add(
        ("loopback: each device echoes requests of %d bytes, up to %d of them in flight; the guest"
                + " writes and compares every byte. One at a time is one request in flight"
                + " altogether, with a poll loop that sleeps between requests; at other loads it"
                + " spins for %d us before it sleeps.")
            .formatted(
                LoopbackStack.REQUEST_BYTES,
                LoopbackStack.DEPTH,
                Idle.ADAPTIVE.spin().toNanos() / 1000));
    notes.add(
        "loopback: one at a time and at the maximum the guest halts when it has nothing to do. At a"
            + " rate in between it does not: it stands for a guest that runs other code, which"
            + " interrupts divert. Latency then counts from the intended arrival.");
    if (overloaded) {
      notes.add(
          "loopback: a run with "
              + Session.OFFERED
              + " could not keep that rate up, often because the machine became slower after the"
              + " maximum had been measured; its latency is that of a growing backlog.");
    }
    allocations.forEach(text -> notes.add("loopback: allocated while measuring, " + text + "."));
    return notes;
  }
}
