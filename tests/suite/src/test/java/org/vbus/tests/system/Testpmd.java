package org.vbus.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A running `dpdk-testpmd`: the peer of vhost-user, either end, that needs no guest.
///
/// Without huge pages DPDK takes its memory from one memfd, which a back-end can map. Forwarding
/// does not begin by itself. One thread at a time.
final class Testpmd implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /// Memory that needs nothing of the machine.
  static final List<String> MEMFD = List.of("--no-huge", "-m", "128");

  private static final String PROMPT = "testpmd> ";
  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final Pattern PORT = Pattern.compile("NIC statistics for port (\\d+)");
  private static final Pattern COUNTER = Pattern.compile("([RT]X-[a-z]+): *(\\d+)");

  private final Path log;
  private final Process process;
  private int read;

  /// Starts it and waits for its prompt.
  ///
  /// @param log where its output goes
  /// @param mainCore processor of the thread that takes commands; of the two processors used, the
  ///   other one forwards
  /// @param vdevs ports, as `--vdev` takes them, such as those of [#backEnd] and [#frontEnd]
  /// @param options of testpmd itself, such as `--forward-mode=io`
  Testpmd(Path log, int mainCore, List<String> vdevs, String... options) {
    this(log, mainCore, MEMFD, vdevs, options);
  }

  /// As above.
  ///
  /// @param memory where it has its memory, such as [HugePages#dpdk()]
  Testpmd(Path log, int mainCore, List<String> memory, List<String> vdevs, String... options) {
    this.log = log;
    // Line by line: its commands and its prompt share a file.
    List<String> words = new ArrayList<>(List.of("stdbuf", "-oL", "dpdk-testpmd"));
    words.addAll(List.of("-l", "0,1", "--main-lcore", "" + mainCore));
    words.addAll(memory);
    words.addAll(List.of("--no-pci", "--no-telemetry"));
    String prefix = "vbus-it-" + ProcessHandle.current().pid() + "-" + NEXT.getAndIncrement();
    words.add("--file-prefix=" + prefix);
    vdevs.forEach(vdev -> words.addAll(List.of("--vdev", vdev)));
    words.addAll(List.of("--", "-i", "--nb-cores=1", "--total-num-mbufs=8192"));
    words.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(words);
    // Where DPDK leaves files of its own.
    builder.environment().put("RUNTIME_DIRECTORY", "" + log.toAbsolutePath().getParent());
    try {
      process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      String _ = untilPrompt("testpmd to start");
    } catch (Throwable t) {
      close();
      throw t;
    }
  }

  /// A port that is a back-end.
  ///
  /// @param number of the port among those of its kind
  /// @param options such as `client=1`, `queues=2`
  static String backEnd(int number, Path socket, String... options) {
    return vdev("net_vhost" + number + ",iface=" + socket, options);
  }

  /// A port that is a front-end.
  ///
  /// @param options such as `server=1`, `packed_vq=1`, `mac=...`
  static String frontEnd(int number, Path socket, String... options) {
    return vdev("net_virtio_user" + number + ",path=" + socket, options);
  }

  private static String vdev(String first, String... options) {
    return Arrays.stream(options)
        .map(option -> "," + option)
        .collect(Collectors.joining("", first, ""));
  }

  /// Types a command, such as `start`, `set fwd txonly` or `set txpkts 64`.
  ///
  /// @return what it printed; what other threads printed meanwhile may be among it
  String command(String line) {
    type(line);
    return untilPrompt("the end of " + line);
  }

  private void type(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new AssertionError(e.getMessage() + "\n" + log(), e);
    }
  }

  private String untilPrompt(String what) {
    HostProcess.await(what, () -> !process.isAlive() || log().indexOf(PROMPT, read) >= 0);
    int end = log().indexOf(PROMPT, read);
    if (end < 0) {
      throw new AssertionError("testpmd ended while waiting for " + what + ":\n" + log());
    }
    String said = log().substring(read, end);
    read = end + PROMPT.length();
    return said;
  }

  /// All it has said.
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Counters of a port, in packets and bytes.
  record Port(long rx, long rxMissed, long rxBytes, long tx, long txErrors, long txBytes) {}

  /// The counters of all ports, by `show port stats all`.
  List<Port> stats() {
    String text = command("show port stats all");
    List<Port> ports = new ArrayList<>();
    Matcher port = PORT.matcher(text);
    while (port.find()) {
      Matcher counter = COUNTER.matcher(text).region(port.end(), text.length());
      ports.add(
          new Port(
              next(counter, "RX-packets"),
              next(counter, "RX-missed"),
              next(counter, "RX-bytes"),
              next(counter, "TX-packets"),
              next(counter, "TX-errors"),
              next(counter, "TX-bytes")));
    }
    return ports;
  }

  private static long next(Matcher counter, String name) {
    while (counter.find()) {
      if (counter.group(1).equals(name)) {
        return Long.parseLong(counter.group(2));
      }
    }
    throw new AssertionError("testpmd printed no " + name);
  }

  /// Stops forwarding and ends it: ports are closed, connections end.
  void quit() {
    type("quit");
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError("testpmd did not end well:\n" + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Kills it, as `kill -9` does.
  @Override
  public void close() {
    Run.kill(process);
    try {
      boolean _ = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
