package org.vbus.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vbus.bench.BenchFailure;

/// A `dpdk-testpmd` that takes commands, either end of a comparison. Forwarding does not begin by
/// itself. One thread at a time.
final class Testpmd {
  /// Part of the name of the thread that forwards.
  static final String THREAD = "worker";

  /// Entries of every ring.
  static final int RING = 256;

  private static final String PROMPT = "testpmd> ";
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Pattern VERSION = Pattern.compile("RTE Version: '([^']+)'");

  private final Children children;
  private final Child child;
  private int read;

  /// Starts it; [#awaitPrompt()] says when it is ready.
  ///
  /// @param cores what [Cores#pollOn] said
  /// @param megabytes of huge pages
  /// @param vdevs ports
  /// @param options of testpmd itself
  Testpmd(
      Children children,
      Path program,
      String name,
      List<String> cores,
      int megabytes,
      List<String> vdevs,
      List<String> options) {
    this.children = children;
    // Line by line: its commands and its prompt share a file.
    List<String> words = new ArrayList<>(List.of("stdbuf", "-oL", program.toString()));
    words.addAll(cores);
    words.addAll(List.of("-m", Integer.toString(megabytes), "--file-prefix=" + name));
    words.addAll(List.of("--in-memory", "--single-file-segments", "--no-pci", "--no-telemetry"));
    words.add("-v");
    vdevs.forEach(vdev -> words.addAll(List.of("--vdev", vdev)));
    words.addAll(List.of("--", "-i", "--nb-cores=1", "--total-num-mbufs=16384"));
    words.addAll(List.of("--txd=" + RING, "--rxd=" + RING));
    words.addAll(options);
    child = children.start(name, words, Map.of("RUNTIME_DIRECTORY", children.dir().toString()));
  }

  Child child() {
    return child;
  }

  /// Waits until it takes commands; that is when its ports have their peers.
  void awaitPrompt() {
    String _ = untilPrompt("its prompt");
  }

  /// Types a command.
  ///
  /// @return what it printed; what other threads printed meanwhile may be among it
  String command(String line) {
    child.type(line);
    return untilPrompt("the end of " + line);
  }

  private String untilPrompt(String what) {
    child.await(what, () -> child.said().indexOf(PROMPT, read) >= 0);
    String all = child.said();
    int end = all.indexOf(PROMPT, read);
    String said = all.substring(read, end);
    read = end + PROMPT.length();
    return said;
  }

  /// The counters of all ports.
  List<TestpmdPort> ports() {
    return TestpmdPort.parse(command("show port stats all"));
  }

  /// Version of DPDK.
  String version() {
    Matcher version = VERSION.matcher(child.said());
    return version.find() ? String.valueOf(version.group(1)) : "unknown";
  }

  /// Ends it in good order if it can still do that.
  void close() {
    try {
      child.type("quit");
      child.awaitEnd(LIMIT);
    } catch (BenchFailure _) {
      // It has ended before.
    }
    children.end(child);
  }

  /// Ends it at once, stopped or not.
  void kill() {
    children.end(child);
  }
}
