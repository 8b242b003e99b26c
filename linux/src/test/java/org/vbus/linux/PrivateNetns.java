package org.vbus.linux;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A network namespace of the test's own, deleted at the end. Where none can be made the test is
/// skipped with the reason, or fails if the environment says `CI=true`.
final class PrivateNetns implements AutoCloseable {
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final String name;

  private PrivateNetns(String name) {
    this.name = name;
  }

  static PrivateNetns create() throws IOException {
    DeviceNodes.Status tun = DeviceNodes.check(Path.of("/dev/net/tun"));
    if (!tun.openable()) {
      missing("/dev/net/tun cannot be opened: " + tun.problem());
    }
    if (!Files.isExecutable(Path.of("/usr/sbin/ip")) && !Files.isExecutable(Path.of("/sbin/ip"))) {
      missing("the command ip (iproute2) is not installed");
    }
    String name = "vbus-test-" + ProcessHandle.current().pid() + "-" + NEXT.getAndIncrement();
    try {
      String _ = run("ip", "netns", "add", name);
    } catch (IOException e) {
      missing("no network namespace can be made: " + e.getMessage());
    }
    return new PrivateNetns(name);
  }

  private static void missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      fail(reason);
    }
    System.out.println("tap test skipped: " + reason);
    abort(reason);
  }

  Path path() {
    return Path.of("/run/netns", name);
  }

  /// `ip` with these arguments inside the namespace.
  String ip(String... arguments) throws IOException {
    String[] command = new String[arguments.length + 3];
    command[0] = "ip";
    command[1] = "-n";
    command[2] = name;
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    return run(command);
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  @Override
  public void close() throws IOException {
    String _ = run("ip", "netns", "del", name);
  }
}
