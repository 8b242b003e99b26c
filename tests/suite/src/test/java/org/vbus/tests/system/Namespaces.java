package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// Network namespaces of a test's own and what runs in them; all of it ends with the test.
final class Namespaces implements AutoCloseable {
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final List<String> names = new ArrayList<>();
  private final List<Process> processes = new ArrayList<>();

  /// Makes one; its loopback interface is up.
  ///
  /// @return its name
  String make() {
    String name = "vbus-it-" + ProcessHandle.current().pid() + "-" + NEXT.getAndIncrement();
    Run made = Run.of("ip", "netns", "add", name);
    if (made.status() != 0) {
      close();
      Requirements.missing("no network namespace can be made: " + made.err().strip());
    }
    names.add(name);
    Run.of("ip", "-n", name, "link", "set", "lo", "up").ok();
    return name;
  }

  /// Runs a command inside to its end.
  static Run exec(String namespace, Duration limit, String... command) {
    return Run.of(limit, builder(namespace, command));
  }

  /// Starts a command inside that runs until the test ends; its output goes to `log`.
  Process start(String namespace, Path log, String... command) {
    try {
      Process process =
          builder(namespace, command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      processes.add(process);
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessBuilder builder(String namespace, String... command) {
    return new ProcessBuilder(
        Stream.concat(Stream.of("ip", "netns", "exec", namespace), Arrays.stream(command))
            .toList());
  }

  /// Gives an interface an address.
  static void address(String namespace, String device, String cidr) {
    Run.of("ip", "-n", namespace, "addr", "add", cidr, "dev", device).ok();
  }

  /// The interfaces inside, without `lo`.
  static List<String> interfaces(String namespace) {
    return Run.of("ip", "-n", namespace, "-o", "link", "show")
        .ok()
        .out()
        .lines()
        .map(line -> line.split(": ", 3)[1])
        .filter(name -> !name.equals("lo"))
        .toList();
  }

  /// One of the kernel's counters of an interface, such as `tx_packets`.
  static long counter(String namespace, String device, String name) {
    Path file = Path.of("/sys/class/net", device, "statistics", name);
    return Long.parseLong(
        exec(namespace, Duration.ofSeconds(5), "cat", file.toString()).ok().out().strip());
  }

  /// One of the kernel's ICMP counters, such as `InEchoReps`.
  static long icmp(String namespace, String name) {
    return snmp(namespace, "Icmp", name);
  }

  /// One of the kernel's counters of a protocol; those of UDP and ICMP are for IPv4.
  static long snmp(String namespace, String protocol, String name) {
    List<List<String>> rows =
        exec(namespace, Duration.ofSeconds(5), "cat", "/proc/net/snmp")
            .ok()
            .out()
            .lines()
            .filter(line -> line.startsWith(protocol + ": "))
            .map(line -> List.of(line.split(" ", -1)))
            .toList();
    return Long.parseLong(rows.getLast().get(rows.getFirst().indexOf(name)));
  }

  @Override
  public void close() {
    processes.forEach(Run::kill);
    for (String name : names) {
      Run.of("ip", "netns", "del", name);
    }
  }
}
