package org.vbus.bench.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.report.PeerPair;
import org.vbus.bench.report.PeerRow;

/// Compares `vbus host` with peers, scenario by scenario: content first, then pairs of runs until
/// enough of them count, or no more attempts are left.
public final class PeerBench {
  private static final int PAGES = 300;

  private final List<String> command;
  private final String version;
  private final Cores cores;
  private final PeerOptions options;
  private final Map<String, String> versions = new LinkedHashMap<>();
  private final Set<String> leftOut = new LinkedHashSet<>();
  private boolean weighed = true;
  private int verified;

  /// A comparison that has not run.
  ///
  /// @param command how to start `vbus`, in words
  /// @param version of it, for reports
  public PeerBench(List<String> command, String version, Cores cores, PeerOptions options) {
    this.command = List.copyOf(command);
    this.version = version;
    this.cores = cores;
    this.options = options;
  }

  /// Makes all comparisons for which there are programs.
  ///
  /// @throws BenchFailure when there is no front-end, or ours does not work
  public List<PeerRow> run(List<Scenario> scenarios, Progress progress) {
    Path testpmd = Packages.testpmd();
    OvsPrograms ovs = ovs(scenarios, progress);
    List<Scenario> possible =
        scenarios.stream().filter(each -> each.peer() != Peer.OVS || ovs != null).toList();
    Clock clock = new Clock(possible.size(), options, progress);
    List<PeerRow> rows = new ArrayList<>();
    try (Children children = new Children()) {
      HugePages.need(PAGES, children);
      clock.plan();
      CoreProbe probe = new CoreProbe(cores.backEnd(), cores.frontEnd());
      Bench bench = new Bench(children, testpmd, cores, options, probe);
      for (Scenario scenario : possible) {
        rows.add(compare(bench, scenario, ovs, clock));
      }
      weighed = bench.weighed();
    }
    return rows;
  }

  private @Nullable OvsPrograms ovs(List<Scenario> scenarios, Progress progress) {
    if (scenarios.stream().noneMatch(scenario -> scenario.peer() == Peer.OVS)) {
      return null;
    }
    progress.step("looking for Open vSwitch");
    try {
      return Packages.ovs();
    } catch (BenchFailure e) {
      leftOut.add(e.getMessage());
      return null;
    }
  }

  private PeerRow compare(Bench bench, Scenario scenario, @Nullable OvsPrograms ovs, Clock clock) {
    clock.begin(scenario);
    List<PeerPair> kept = new ArrayList<>();
    List<String> discarded = new ArrayList<>();
    Children children = bench.children();
    verified = 0;
    try (BackEnd ours = new HostBackEnd(children, command, version, scenario, cores)) {
      clock.step("content");
      verified = bench.verify(scenario, ours);
      bench.warmUp(scenario, ours);
      versions.putIfAbsent("vbus", ours.version());
      try (BackEnd theirs = peer(children, bench.testpmd(), scenario, ovs)) {
        theirs.process().signal("STOP");
        versions.putIfAbsent(scenario.peer().text(), theirs.version());
        for (int attempt = 0;
            kept.size() < options.pairs() && attempt < options.pairs() * options.attempts();
            attempt++) {
          clock.step("pair %d of %d".formatted(kept.size() + 1, options.pairs()));
          Reading first = bench.run(scenario, ours);
          List<String> failures = first.failures("ours");
          if (failures.isEmpty()) {
            Pair pair = new Pair(first, bench.run(scenario, theirs));
            failures = pair.failures();
            if (failures.isEmpty()) {
              kept.add(reported(pair));
            }
          }
          if (!failures.isEmpty()) {
            discarded.add(String.join("; ", failures));
          }
        }
      }
    }
    versions.putIfAbsent("guests", bench.guests());
    clock.end();
    return row(scenario, kept, discarded);
  }

  private BackEnd peer(
      Children children, Path testpmd, Scenario scenario, @Nullable OvsPrograms ovs) {
    return scenario.peer() == Peer.OVS && ovs != null
        ? new OvsBackEnd(children, ovs, scenario, cores)
        : new TestpmdBackEnd(children, testpmd, scenario, cores);
  }

  private PeerRow row(Scenario scenario, List<PeerPair> kept, List<String> discarded) {
    return new PeerRow(
        scenario.mode().text(),
        scenario.size().text(),
        scenario.ring(),
        scenario.mergeable(),
        scenario.queues(),
        scenario.peer().text(),
        verified,
        kept,
        discarded);
  }

  private static PeerPair reported(Pair pair) {
    Map<String, Double> details = new LinkedHashMap<>();
    details(details, "ours", pair.ours());
    details(details, "theirs", pair.theirs());
    return new PeerPair(
        pair.ours().distance().text(), pair.ours().mpps(), pair.theirs().mpps(), details);
  }

  private static void details(Map<String, Double> to, String side, Reading reading) {
    to.put(side + "ProbeBeforeNanos", reading.probeBefore());
    to.put(side + "ProbeAfterNanos", reading.probeAfter());
    to.put(side + "FrontEndWait", reading.frontEndWait());
    to.put(side + "BackEndWait", reading.backEndWait());
    to.put(side + "BytesPerFrame", reading.meanBytes());
  }

  /// Versions of what was compared, by name.
  public Map<String, String> versions() {
    return versions;
  }

  /// What was not compared, and why.
  public List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  /// What a reader of the figures must know.
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        "Back-ends poll on processor %d, guests on processor %d; rings of %d entries; windows of %d ms."
            .formatted(
                cores.backEnd(), cores.frontEnd(), Testpmd.RING, options.window().toMillis()));
    if (!weighed) {
      notes.add("Processes could not be given weight over other sessions (autogroup); be alone.");
    }
    return notes;
  }
}
