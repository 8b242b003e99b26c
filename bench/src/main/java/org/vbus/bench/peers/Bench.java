package org.vbus.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Takes single readings: one front-end, one back-end, one window.
final class Bench {
  private static final int HEAVY = -18;
  private static final Duration SETTLE = Duration.ofMillis(100);

  private final Children children;
  private final Path testpmd;
  private final Cores cores;
  private final PeerOptions options;
  private final CoreProbe probe;
  private boolean weighed = true;
  private String guests = "unknown";

  Bench(Children children, Path testpmd, Cores cores, PeerOptions options, CoreProbe probe) {
    this.children = children;
    this.testpmd = testpmd;
    this.cores = cores;
    this.options = options;
    this.probe = probe;
  }

  Children children() {
    return children;
  }

  Path testpmd() {
    return testpmd;
  }

  /// Whether processes could be given weight.
  boolean weighed() {
    return weighed;
  }

  /// Version of the front-end.
  String guests() {
    return guests;
  }

  /// Compares content; the back-end runs.
  int verify(Scenario scenario, BackEnd backEnd) {
    return new Verification(children, testpmd, scenario, cores).run(backEnd);
  }

  /// Load without a look, until a JVM has compiled; the back-end is stopped then.
  void warmUp(Scenario scenario, BackEnd backEnd) {
    try (FrontEnd frontEnd = frontEnd(scenario, backEnd)) {
      guests = frontEnd.version();
      frontEnd.start();
      Pause.of(options.firstWarmUp());
    }
    backEnd.process().signal("STOP");
  }

  private FrontEnd frontEnd(Scenario scenario, BackEnd backEnd) {
    return new FrontEnd(children, testpmd, scenario, backEnd.sockets(), cores);
  }

  /// One run of a back-end that is stopped, and is stopped again afterwards.
  Reading run(Scenario scenario, BackEnd backEnd) {
    backEnd.process().signal("CONT");
    try (FrontEnd frontEnd = frontEnd(scenario, backEnd)) {
      List<Child> both = List.of(backEnd.process(), frontEnd.process());
      frontEnd.start();
      Pause.of(options.warmUp());
      for (Child child : both) {
        weighed &= child.autogroup(HEAVY);
      }
      double before = probe(both);
      Pause.of(SETTLE);
      Window window = window(frontEnd, backEnd);
      double after = probe(both);
      both.forEach(child -> child.autogroup(0));
      return window.reading(scenario, before, after);
    } finally {
      backEnd.process().signal("STOP");
    }
  }

  /// The distance of both processors, with nobody polling.
  private double probe(List<Child> both) {
    both.forEach(child -> child.signal("STOP"));
    double nanos = probe.nanos();
    both.forEach(child -> child.signal("CONT"));
    return nanos;
  }

  private Window window(FrontEnd frontEnd, BackEnd backEnd) {
    List<TestpmdPort> before = frontEnd.look();
    Map<Long, SchedStat> guestsBefore = SchedStat.of(frontEnd.process().pid(), Testpmd.THREAD);
    Map<Long, SchedStat> hostBefore = SchedStat.of(backEnd.process().pid(), backEnd.thread());
    long start = System.nanoTime();
    Pause.of(options.window());
    List<TestpmdPort> after = frontEnd.look();
    Map<Long, SchedStat> guestsAfter = SchedStat.of(frontEnd.process().pid(), Testpmd.THREAD);
    Map<Long, SchedStat> hostAfter = SchedStat.of(backEnd.process().pid(), backEnd.thread());
    long nanos = System.nanoTime() - start;
    return new Window(
        before,
        after,
        SchedStat.waited(guestsBefore, guestsAfter, nanos),
        SchedStat.waited(hostBefore, hostAfter, nanos));
  }

  /// What was seen from one look to the next.
  ///
  /// @param frontEndWait part of the time
  /// @param backEndWait part of the time
  record Window(
      List<TestpmdPort> before, List<TestpmdPort> after, double frontEndWait, double backEndWait) {

    /// What that means in this scenario.
    Reading reading(Scenario scenario, double probeBefore, double probeAfter) {
      boolean sends = scenario.mode() == Mode.RXONLY;
      List<Long> rates = new ArrayList<>();
      long frames = 0;
      long bytes = 0;
      for (int i = 0; i < after.size(); i++) {
        TestpmdPort now = after.get(i);
        TestpmdPort then = before.get(i);
        rates.add(sends ? now.txRate() : now.rxRate());
        frames += sends ? now.tx() - then.tx() : now.rx() - then.rx();
        bytes += sends ? now.txBytes() - then.txBytes() : now.rxBytes() - then.rxBytes();
      }
      long most = rates.stream().mapToLong(Long::longValue).max().orElse(0);
      long least = rates.stream().mapToLong(Long::longValue).min().orElse(0);
      return new Reading(
          rates.stream().mapToLong(Long::longValue).sum() / 1e6,
          probeBefore,
          probeAfter,
          frontEndWait,
          backEndWait,
          most == 0 ? 0 : (double) least / most,
          frames == 0 ? 0 : (double) bytes / frames,
          scenario.size().mean());
    }
  }
}
