package org.vbus.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.station.StationFrames;

/// Compares every byte of what comes through a back-end with what was sent, outside of any timed
/// window: the guests of a comparison, fed from one capture and emptied into another.
///
/// ```
///   a.pcap --> port 0 --> guest 0 --> back-end --> guest 1 --> port 3 --> to-b.pcap
///   to-a.pcap <-- port 0 <-- guest 0 <-- back-end <-- guest 1 <-- port 3 <-- b.pcap
/// ```
///
/// Frames may be lost, a few, as rings overflow; none may be changed, doubled or overtaken. It uses
/// one pair of queues, whose order can be told.
final class Verification {
  private static final int FRAMES = 4096;
  private static final int GENERATED = 4096;
  private static final int MOST = 1 << 15;
  private static final double ENOUGH = 0.9;
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration GENERATING = Duration.ofMillis(10);

  private final Children children;
  private final Path program;
  private final Scenario scenario;
  private final Cores cores;

  Verification(Children children, Path program, Scenario scenario, Cores cores) {
    this.children = children;
    this.program = program;
    this.scenario = scenario;
    this.cores = cores;
  }

  /// Passes frames through `backEnd`, which runs.
  ///
  /// @return how many frames were compared, 0 where none come back
  /// @throws BenchFailure when one is wrong, or too few arrive
  int run(BackEnd backEnd) {
    try {
      return switch (scenario.mode()) {
        case RXONLY -> 0;
        case TXONLY -> generated(backEnd);
        case IO -> reflected(backEnd);
        case GUESTS -> forwarded(backEnd);
      };
    } catch (IOException e) {
      throw new BenchFailure("cannot verify: " + e.getMessage(), e);
    }
  }

  private int generated(BackEnd backEnd) throws IOException {
    Path to = file("to-a");
    List<String> ports = new ArrayList<>(FrontEnd.ports(scenario, backEnd.sockets()));
    ports.add("net_pcap0,tx_pcap=" + to);
    Testpmd guests = guests(ports);
    String _ = guests.command("start");
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (guests.ports().getFirst().rx() < GENERATED && System.nanoTime() < deadline) {
      Pause.of(GENERATING);
    }
    String _ = guests.command("stop");
    guests.close();
    List<byte[]> sent = frames(StationFrames.STATION, StationFrames.GUEST, StationFrames.FLOWS);
    List<byte[]> got = PcapFile.read(to, MOST);
    for (byte[] frame : got) {
      int number = StationFrames.number(frame);
      if (number < 0 || number >= sent.size() || !Arrays.equals(frame, sent.get(number))) {
        throw new BenchFailure("a generated frame arrived changed: " + scenario.text());
      }
    }
    return enough(got.size(), GENERATED);
  }

  private int reflected(BackEnd backEnd) throws IOException {
    Path from = file("a");
    Path to = file("to-a");
    PcapFile.write(from, frames(StationFrames.GUEST, StationFrames.STATION, FRAMES));
    List<String> ports = new ArrayList<>();
    ports.add("net_pcap0,rx_pcap=%s,tx_pcap=%s".formatted(from, to));
    ports.addAll(FrontEnd.ports(scenario, backEnd.sockets()));
    pass(ports);
    return compare(frames(StationFrames.STATION, StationFrames.GUEST, FRAMES), to);
  }

  private int forwarded(BackEnd backEnd) throws IOException {
    List<byte[]> a = frames(StationFrames.GUEST, StationFrames.STATION, FRAMES);
    List<byte[]> b = frames(StationFrames.STATION, StationFrames.GUEST, FRAMES);
    PcapFile.write(file("a"), a);
    PcapFile.write(file("b"), b);
    List<String> guests = FrontEnd.ports(scenario, backEnd.sockets());
    pass(
        List.of(
            "net_pcap0,rx_pcap=%s,tx_pcap=%s".formatted(file("a"), file("to-a")),
            guests.get(0),
            guests.get(1),
            "net_pcap1,rx_pcap=%s,tx_pcap=%s".formatted(file("b"), file("to-b"))));
    return compare(a, file("to-b")) + compare(b, file("to-a"));
  }

  private Path file(String name) {
    return children.dir().resolve(name + ".pcap");
  }

  private List<byte[]> frames(long source, long destination, int count) {
    List<Integer> lengths = scenario.size().lengths();
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      frames.add(StationFrames.frame(source, destination, i, lengths.get(i % lengths.size())));
    }
    return frames;
  }

  private Testpmd guests(List<String> ports) {
    List<String> options = List.of("--forward-mode=io", "--no-flush-rx");
    Testpmd guests =
        new Testpmd(
            children,
            program,
            "verify",
            cores.pollOn(cores.frontEnd()),
            FrontEnd.MEGABYTES,
            ports,
            options);
    guests.awaitPrompt();
    return guests;
  }

  /// Until nothing more comes.
  private void pass(List<String> ports) {
    Testpmd guests = guests(ports);
    String _ = guests.command("set fwd io retry");
    String _ = guests.command("set burst tx delay 10 retry 100000");
    String _ = guests.command("start");
    long deadline = System.nanoTime() + LIMIT.toNanos();
    long before = -1;
    long now = 0;
    while (now != before && System.nanoTime() < deadline) {
      Pause.of(Duration.ofMillis(200));
      before = now;
      now = guests.ports().stream().mapToLong(TestpmdPort::rx).sum();
    }
    String _ = guests.command("stop");
    guests.close();
  }

  /// Checks that what arrived is what was sent, in its order.
  private int compare(List<byte[]> sent, Path to) throws IOException {
    List<byte[]> got = PcapFile.read(to, MOST);
    int last = -1;
    for (byte[] frame : got) {
      int number = StationFrames.number(frame);
      if (number <= last || number >= sent.size()) {
        throw new BenchFailure(
            "frame %d arrived after %d: %s".formatted(number, last, scenario.text()));
      }
      if (!Arrays.equals(frame, sent.get(number))) {
        throw new BenchFailure("frame %d arrived changed: %s".formatted(number, scenario.text()));
      }
      last = number;
    }
    return enough(got.size(), sent.size());
  }

  private int enough(int got, int sent) {
    if (got < ENOUGH * sent) {
      throw new BenchFailure("of %d frames %d arrived: %s".formatted(sent, got, scenario.text()));
    }
    return got;
  }
}
