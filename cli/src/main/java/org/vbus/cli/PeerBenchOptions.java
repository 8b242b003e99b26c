package org.vbus.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.Cores;
import org.vbus.bench.peers.FrameSize;
import org.vbus.bench.peers.Mode;
import org.vbus.bench.peers.Peer;
import org.vbus.bench.peers.PeerOptions;
import org.vbus.bench.peers.Plan;
import org.vbus.bench.peers.Scenario;
import picocli.CommandLine.Option;

/// The options of `vbus bench` that are about peers.
final class PeerBenchOptions {
  private static final String MAIN = "--module=org.vbus.cli/org.vbus.cli.Main";

  @Option(
      names = "--peers",
      required = true,
      description =
          "Compare frames per second with DPDK's testpmd and Open vSwitch instead, whose Debian"
              + " packages are used or fetched. Needs root and two idle processors.")
  @SuppressWarnings("UnusedVariable") // that it is there is what counts
  private boolean peers;

  @Option(
      names = "--modes",
      split = ",",
      paramLabel = "MODE",
      description = "With --peers: rxonly, txonly, io, guests.")
  private @Nullable List<String> modes;

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "BYTES",
      description = "With --peers: 64, 256, 1518, imix.")
  private @Nullable List<String> sizes;

  @Option(
      names = "--rings",
      split = ",",
      paramLabel = "RING",
      description = "With --peers: split, packed.")
  private @Nullable List<String> rings;

  @Option(
      names = "--mergeable",
      split = ",",
      paramLabel = "ON|OFF",
      description = "With --peers: whether receive buffers are merged.")
  private @Nullable List<String> mergeable;

  @Option(
      names = "--queues",
      split = ",",
      paramLabel = "N",
      description = "With --peers: pairs of queues per port, 1, 2.")
  private @Nullable List<Integer> queues;

  @Option(
      names = "--against",
      split = ",",
      paramLabel = "PEER",
      description = "With --peers: testpmd, ovs.")
  private @Nullable List<String> against;

  @Option(names = "--pairs", paramLabel = "N", description = "With --peers: pairs of runs each.")
  private int pairs;

  @Option(
      names = "--attempts",
      paramLabel = "N",
      description = "With --peers: tries per pair, those that do not count included.")
  private int attempts;

  @Option(
      names = "--window",
      paramLabel = "MILLIS",
      description = "With --peers: time of each run, and of warming up before it.")
  private int window;

  @Option(
      names = "--cores",
      split = ",",
      arity = "1",
      paramLabel = "N",
      description = "With --peers: processors of the back-end and of the guests. Default: 0,1")
  private List<Integer> cores = List.of(0, 1);

  PeerBenchOptions() {}

  /// What is to be compared.
  ///
  /// @throws IllegalArgumentException naming what cannot be
  List<Scenario> scenarios(boolean quick) {
    if (!quick && !isChosen()) {
      return Plan.full();
    }
    return plan(quick).scenarios();
  }

  private boolean isChosen() {
    return modes != null
        || sizes != null
        || rings != null
        || mergeable != null
        || queues != null
        || against != null;
  }

  private Plan plan(boolean quick) {
    Plan base = quick ? Plan.quick() : Plan.standard();
    return new Plan(
        each(modes, text -> one(Mode.class, text, "mode is"), base.modes()),
        each(sizes, FrameSize::of, base.sizes()),
        each(rings, text -> either(text, "packed", "split", "ring is"), base.packed()),
        each(mergeable, text -> either(text, "on", "off", "mergeable is"), base.mergeable()),
        Objects.requireNonNullElse(queues, base.queues()),
        each(against, text -> one(Peer.class, text, "peer is"), base.peers()));
  }

  /// Why some combinations of what was asked for are missing.
  List<String> impossible(boolean quick) {
    return quick || isChosen()
        ? List.copyOf(plan(quick).leftOut())
        : List.copyOf(Plan.standard().leftOut());
  }

  private static <T> List<T> each(
      @Nullable List<String> texts, Function<String, T> value, List<T> otherwise) {
    return texts == null ? otherwise : texts.stream().map(value).distinct().toList();
  }

  private static <E extends Enum<E>> E one(Class<E> type, String text, String what) {
    try {
      return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException(
          "%s one of %s: %s"
              .formatted(what, List.of(type.getEnumConstants()), text)
              .toLowerCase(Locale.ROOT));
    }
  }

  private static boolean either(String text, String yes, String no, String what) {
    if (!text.equals(yes) && !text.equals(no)) {
      throw new IllegalArgumentException("%s %s or %s: %s".formatted(what, yes, no, text));
    }
    return text.equals(yes);
  }

  /// How thoroughly.
  ///
  /// @throws IllegalArgumentException naming what cannot be
  PeerOptions options(boolean quick) {
    PeerOptions options = quick ? PeerOptions.quick() : PeerOptions.full();
    if (pairs != 0) {
      options = options.withPairs(pairs);
    }
    if (attempts != 0) {
      options = options.withAttempts(attempts);
    }
    return window == 0 ? options : options.withWindow(Duration.ofMillis(window));
  }

  /// Where.
  ///
  /// @throws IllegalArgumentException when they are not two
  Cores cores() {
    if (cores.size() != 2) {
      throw new IllegalArgumentException("cores are two processors, such as 0,1: " + cores);
    }
    return new Cores(cores.get(0), cores.get(1));
  }

  /// The command line that started this program, up to where its own words begin.
  static List<String> ownCommand() {
    try {
      List<String> words =
          List.of(
              Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8)
                  .split("\0", -1));
      int main = words.indexOf(MAIN);
      if (main < 0) {
        throw new BenchFailure("what is measured is ./vbus: start the benchmark as ./vbus bench");
      }
      return words.subList(0, main + 1);
    } catch (IOException e) {
      throw new BenchFailure("this is measured on Linux: " + e.getMessage(), e);
    }
  }
}
