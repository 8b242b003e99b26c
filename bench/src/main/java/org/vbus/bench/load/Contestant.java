package org.vbus.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.BackEnd;
import org.vbus.bench.peers.Pause;
import org.vbus.bench.report.LoadSample;
import org.vbus.bench.station.StationFrames;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.linux.CpuAffinity;

/// A back-end with its guests attached. It is stopped but for its turns.
final class Contestant implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int HEAVY = -18;

  private final String name;
  private final BackEnd backEnd;
  private final @Nullable Path log;
  private final BitSet processor = new BitSet();
  private final List<GuestPort> ports = new ArrayList<>();
  private final Traffic traffic;

  /// How guests reach a socket.
  interface Reach {
    Frontend reach(Path socket) throws IOException;
  }

  /// Attaches guests; the first two talk to each other.
  ///
  /// @param backEnd closed with this
  /// @param log the log of its garbage collector, null when it has none
  /// @param processor of the guests
  Contestant(
      String name,
      BackEnd backEnd,
      @Nullable Path log,
      boolean packed,
      int processor,
      Reach reach) {
    this.name = name;
    this.backEnd = backEnd;
    this.log = log;
    this.processor.set(processor);
    try {
      for (Path socket : backEnd.sockets()) {
        long mac = StationFrames.GUEST + ports.size();
        long peer = ports.isEmpty() ? StationFrames.STATION : StationFrames.GUEST;
        ports.add(new GuestPort(reach.reach(socket), packed, mac, peer));
      }
      traffic = new Traffic(ports.get(0), ports.get(1));
      traffic.greet();
      boolean _ = backEnd.process().autogroup(HEAVY);
    } catch (IOException e) {
      close();
      throw new BenchFailure(name + ": " + e.getMessage(), e);
    } catch (BenchFailure e) {
      close();
      throw new BenchFailure(name + ": " + e.getMessage(), e);
    }
  }

  /// Guests that listen.
  static Frontend listen(Path socket) throws IOException {
    return Frontend.listen(socket, PATIENCE);
  }

  /// Guests that connect.
  static Frontend connect(Path socket) throws IOException {
    return Frontend.connect(socket, PATIENCE);
  }

  String name() {
    return name;
  }

  String version() {
    return backEnd.version();
  }

  /// Guests that are attached.
  int devices() {
    return ports.size();
  }

  /// Begins a turn.
  void resume() {
    backEnd.process().signal("CONT");
  }

  /// Ends it.
  void stop() {
    backEnd.process().signal("STOP");
  }

  /// One step, on the guests' processor.
  Outcome run(Offer offer) {
    BitSet before = bind(processor);
    try {
      return traffic.run(offer);
    } catch (BenchFailure e) {
      throw new BenchFailure(name + ": " + e.getMessage(), e);
    } finally {
      BitSet _ = bind(before);
    }
  }

  private static BitSet bind(BitSet to) {
    try {
      BitSet before = CpuAffinity.get();
      CpuAffinity.set(to);
      return before;
    } catch (IOException e) {
      throw new BenchFailure("cannot bind the guests: " + e.getMessage(), e);
    }
  }

  /// One step and what it cost.
  ///
  /// @param cores how far apart both processors are
  LoadSample sample(Offer offer, String cores) {
    ProcessTime before = time();
    long waitBefore = ProcessTime.ownWait();
    Outcome outcome = run(offer);
    long waited = ProcessTime.ownWait() - waitBefore;
    ProcessTime after = time();
    double frames = (double) outcome.received() * (offer.reflect() ? 2 : 1);
    double cpu = Math.max(after.runNanos() - before.runNanos(), 0);
    double nanos = outcome.seconds() * TimeUnit.SECONDS.toNanos(1);
    return new LoadSample(
        cores,
        offer.rate(),
        outcome.achieved(),
        outcome.lost(),
        outcome.behind() || outcome.lost() > 0.01,
        cpu / nanos,
        cpu / Math.max(frames, 1),
        outcome.kicks() / Math.max(frames, 1),
        outcome.calls() / Math.max(frames, 1),
        micros(outcome, 50),
        micros(outcome, 99),
        micros(outcome, 99.9),
        outcome.latency().getMaxValue() / 1e3,
        outcome.idle(),
        Math.max(waited, after.waitNanos() - before.waitNanos()) / nanos);
  }

  private static double micros(Outcome outcome, double percentile) {
    return outcome.latency().getTotalCount() == 0
        ? 0
        : outcome.latency().getValueAtPercentile(percentile) / 1e3;
  }

  /// The part of a processor that the back-end takes while nothing happens.
  double idle(Duration time) {
    ProcessTime before = time();
    long start = System.nanoTime();
    Pause.of(time);
    double run = time().runNanos() - before.runNanos();
    return Math.max(run, 0) / (System.nanoTime() - start);
  }

  private ProcessTime time() {
    return ProcessTime.of(backEnd.process().pid(), backEnd.thread());
  }

  /// Whether its garbage collector has a log.
  boolean collects() {
    return log != null;
  }

  /// Collections so far, as the log has them.
  List<String> collections() {
    return logged("Pause");
  }

  /// The collector, by the log.
  String collector() {
    List<String> using = logged("Using");
    return using.isEmpty() ? "unknown" : using.getFirst().substring("Using ".length());
  }

  /// Lines of the log that have `word`, from there on.
  private List<String> logged(String word) {
    if (log == null) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .filter(line -> line.contains(word))
          .map(line -> line.substring(line.indexOf(word)).strip())
          .toList();
    } catch (IOException e) {
      throw new BenchFailure(name + ": no log of collections: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    backEnd.close();
    ports.forEach(GuestPort::close);
  }
}
