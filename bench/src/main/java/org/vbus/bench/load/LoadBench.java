package org.vbus.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.load.LoadOptions.Part;
import org.vbus.bench.load.LoadOptions.Side;
import org.vbus.bench.peers.BackEnd;
import org.vbus.bench.peers.Children;
import org.vbus.bench.peers.CoreProbe;
import org.vbus.bench.peers.Cores;
import org.vbus.bench.peers.FrameSize;
import org.vbus.bench.peers.HostBackEnd;
import org.vbus.bench.peers.HugePages;
import org.vbus.bench.peers.Mode;
import org.vbus.bench.peers.OvsBackEnd;
import org.vbus.bench.peers.OvsPrograms;
import org.vbus.bench.peers.Packages;
import org.vbus.bench.peers.Peer;
import org.vbus.bench.peers.Scenario;
import org.vbus.bench.peers.TestpmdBackEnd;
import org.vbus.bench.report.Environment;
import org.vbus.bench.report.LoadReport;

/// Offers loads to `vbus host` and to its peers, in rounds in which everybody has a turn, and
/// collects what they do with them. Who fails is left out from then on, with the reason.
public final class LoadBench {
  private static final int PAGES = 300;
  private static final String HEAVY = "-18";
  private static final Path WEIGHT = Path.of("/proc/self/autogroup");
  private static final Duration ALWAYS = Duration.ofHours(1);
  private static final Duration START = Duration.ofSeconds(5);

  private final List<String> command;
  private final String version;
  private final Cores cores;
  private final LoadOptions options;
  private final Collected collected = new Collected();
  private final Map<String, String> versions = new LinkedHashMap<>();
  private final Set<String> leftOut = new LinkedHashSet<>();
  private final List<String> collections = new ArrayList<>();

  /// A benchmark that has not run.
  ///
  /// @param command how to start `vbus`, in words, the first of which is `java`
  /// @param version of it, for reports
  public LoadBench(List<String> command, String version, Cores cores, LoadOptions options) {
    this.command = List.copyOf(command);
    this.version = version;
    this.cores = cores;
    this.options = options;
  }

  /// Measures everything for which there are programs.
  ///
  /// @throws BenchFailure when nothing could be measured
  public void run(Progress progress) {
    progress.step("offered loads, about %d s".formatted(usual().toSeconds()));
    try (Children children = new Children()) {
      weigh(children);
      CoreProbe probe = new CoreProbe(cores.backEnd(), cores.frontEnd());
      List<Contestant> contestants = new ArrayList<>();
      try {
        for (Side side : options.sides()) {
          progress.step("starting " + side.text());
          attach(children, side, contestants);
        }
        rounds(contestants, probe, progress);
      } finally {
        contestants.forEach(Contestant::close);
      }
      if (options.parts().contains(Part.IDLE) && options.idleDevices() > 0) {
        progress.step("starting %d devices".formatted(options.idleDevices()));
        manyDevices(children, probe, progress);
      }
    }
    if (collected.points().isEmpty()) {
      throw new BenchFailure("nothing was measured: " + String.join("; ", leftOut));
    }
  }

  /// How long it takes if everybody is there.
  private Duration usual() {
    Duration start = START.plus(options.firstWarmUp());
    Duration turns = Turn.usual(options).multipliedBy(options.rounds());
    Duration all = start.plus(turns).multipliedBy(options.sides().size());
    if (options.parts().contains(Part.IDLE)) {
      all = all.plus(options.idle().multipliedBy(options.sides().size() + 1L));
      all = all.plus(Turn.pauses(options)).plus(start);
    }
    return all;
  }

  /// Gives the session of this process weight over others until the end, where that is permitted.
  private static void weigh(Children children) {
    try {
      String before = Files.readString(WEIGHT).strip();
      String nice = before.substring(before.lastIndexOf(' ') + 1);
      children.afterwards(() -> weigh(nice));
      weigh(HEAVY);
    } catch (IOException _) {
      // Then it has none, which waiting shows.
    }
  }

  private static void weigh(String nice) {
    try {
      Files.writeString(WEIGHT, nice);
    } catch (IOException _) {
      // It is not permitted, or not any more.
    }
  }

  private void attach(Children children, Side side, List<Contestant> to) {
    try {
      Contestant contestant =
          switch (side) {
            case VBUS, SPIN -> host(children, side);
            case TESTPMD, OVS ->
                new Contestant(
                    side.text(),
                    peer(children, side),
                    null,
                    options.packed(),
                    cores.frontEnd(),
                    Contestant::listen);
          };
      to.add(contestant);
      versions.put(side.text(), contestant.version());
      if (side.isOurs()) {
        versions.put(side.text(), ours(side, contestant.collector()));
        Turn.warmUp(contestant, options.firstWarmUp());
      }
      contestant.stop();
    } catch (BenchFailure e) {
      leave(side.text(), e);
    }
  }

  private String ours(Side side, String collector) {
    Duration spin = side == Side.SPIN ? null : options.spin();
    return "%s, collector %s%s"
        .formatted(
            version,
            collector,
            spin == null ? "" : ", loops spin for %d us".formatted(spin.toNanos() / 1000));
  }

  private void leave(String name, BenchFailure e) {
    leftOut.add(name + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
  }

  private Contestant host(Children children, Side side) {
    List<Path> sockets =
        List.of(
            children.dir().resolve(side.text() + "0.sock"),
            children.dir().resolve(side.text() + "1.sock"));
    String file = HostFile.connecting(sockets, side == Side.SPIN ? ALWAYS : options.spin());
    return host(children, side.text(), file, sockets, Contestant::listen);
  }

  private Contestant host(
      Children children, String name, String file, List<Path> sockets, Contestant.Reach reach) {
    Path log = children.dir().resolve(name + ".gc");
    List<String> words = new ArrayList<>(command);
    words.add(1, "-Xlog:gc:file=" + log);
    BackEnd backEnd = new HostBackEnd(children, words, version, name, file, sockets, cores);
    String side = name.equals(Side.SPIN.text()) ? name : Side.VBUS.text();
    return new Contestant(side, backEnd, log, options.packed(), cores.frontEnd(), reach);
  }

  private BackEnd peer(Children children, Side side) {
    boolean ovs = side == Side.OVS;
    Scenario scenario =
        new Scenario(
            Mode.GUESTS, FrameSize.B64, options.packed(), true, 1, ovs ? Peer.OVS : Peer.TESTPMD);
    if (ovs) {
      OvsPrograms programs = Packages.ovs();
      HugePages.need(PAGES / 2, children);
      return new OvsBackEnd(children, programs, scenario, cores);
    }
    Path program = Packages.testpmd();
    HugePages.need(PAGES / 2, children);
    return new TestpmdBackEnd(children, program, scenario, cores);
  }

  private void rounds(List<Contestant> contestants, CoreProbe probe, Progress progress) {
    Map<Contestant, Integer> before = new LinkedHashMap<>();
    for (Contestant contestant : contestants) {
      if (contestant.collects()) {
        before.put(contestant, contestant.collections().size());
      }
    }
    for (int round = 1; round <= options.rounds(); round++) {
      for (Contestant contestant : List.copyOf(contestants)) {
        String where = "round %d of %d: %s, ".formatted(round, options.rounds(), contestant.name());
        try {
          turn(contestant, round == 1, probe, step -> progress.step(where + step));
        } catch (BenchFailure e) {
          contestants.remove(contestant);
          contestant.close();
          leave(contestant.name(), e);
        }
      }
    }
    before.forEach((contestant, number) -> {
      List<String> all = contestant.collections();
      List<String> since = all.subList(number, all.size());
      collections.add(
          contestant.name() + " " + (since.isEmpty() ? "none" : String.join(", ", since)));
    });
  }

  private void turn(Contestant contestant, boolean first, CoreProbe probe, Progress progress) {
    contestant.resume();
    Turn turn = new Turn(contestant, options, collected, probe, progress);
    if (options.parts().contains(Part.SWEEP)) {
      turn.sweep();
    }
    if (options.parts().contains(Part.LATENCY)) {
      turn.roundTrips();
    }
    if (options.parts().contains(Part.IDLE)) {
      turn.pauses();
      if (first) {
        turn.idle();
      }
    }
    contestant.stop();
  }

  /// One back-end of ours with many guests, two of which talk now and then.
  private void manyDevices(Children children, CoreProbe probe, Progress progress) {
    List<Path> sockets = new ArrayList<>();
    for (int i = 0; i < options.idleDevices(); i++) {
      sockets.add(HostFile.socket(children.dir(), i));
    }
    String file = HostFile.listening(children.dir(), options.idleDevices());
    try (Contestant many = host(children, "idle", file, sockets, Contestant::connect)) {
      Turn turn = new Turn(many, options, collected, probe, progress);
      Duration warmUp = options.firstWarmUp().dividedBy(2);
      Outcome _ = many.run(new Offer(1000, false, false, Duration.ZERO, warmUp));
      turn.idle();
      turn.pauses();
    } catch (BenchFailure e) {
      leave(options.idleDevices() + " idle devices", e);
    }
  }

  /// What was found, after [#run].
  public LoadReport report(Environment environment) {
    return new LoadReport(
        environment,
        versions,
        collected.points(),
        collected.rates(),
        collected.idles(),
        List.copyOf(leftOut));
  }

  /// What a reader of the figures must know.
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    notes.add(
        "Back-ends on processor %d, guests on processor %d; %s rings of %d entries; windows of %d ms, %d rounds."
            .formatted(
                cores.backEnd(),
                cores.frontEnd(),
                options.packed() ? "packed" : "split",
                GuestPort.RING,
                options.window().toMillis(),
                options.rounds()));
    if (!collections.isEmpty()) {
      notes.add(
          "Garbage collections during all turns: %s.".formatted(String.join("; ", collections)));
    }
    return notes;
  }
}
