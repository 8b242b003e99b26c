package org.vbus.tests.system;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.vbus.linux.DeviceNodes;
import org.vbus.linux.Linux;

/// What the machine must offer. Where something is missing the test is skipped with the reason, or
/// fails if the environment says `CI=true`.
final class Requirements {
  private Requirements() {}

  /// Root, taps, network namespaces, and these commands.
  static void namespacesAnd(String... tools) {
    if (!Linux.supported()) {
      missing("this is not Linux");
    }
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("network namespaces need root");
    }
    DeviceNodes.Status tun = DeviceNodes.check(Path.of("/dev/net/tun"));
    if (!tun.openable()) {
      missing("/dev/net/tun cannot be opened: " + tun.problem());
    }
    tools("ip");
    tools(tools);
  }

  /// These commands.
  static void tools(String... names) {
    for (String name : names) {
      if (!onPath(name)) {
        missing("the command " + name + " is not installed; tests/setup.sh installs it");
      }
    }
  }

  /// Guests: QEMU of Debian 12, a kernel, and what their first file system is made of.
  static void guests() {
    if (!Linux.supported()) {
      missing("this is not Linux");
    }
    tools("qemu-system-x86_64", "busybox", "ldd", "lz4", "zstd", "xz");
    if (!Files.isDirectory(guestCache().resolve("kernel/lib/modules"))) {
      missing("no kernel for guests in " + guestCache() + "; tests/setup.sh fetches it");
    }
  }

  /// The QEMU of Debian 12's backports.
  static void qemu10() {
    if (!Files.isExecutable(Qemu.V10.program())) {
      missing("no QEMU 10 in " + guestCache() + "; tests/setup.sh fetches it");
    }
  }

  /// Where `tests/setup.sh` puts what guests are made of.
  static Path guestCache() {
    Map<String, String> environment = System.getenv();
    String own = environment.getOrDefault("VBUS_GUEST_CACHE", "");
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    return !own.isEmpty()
        ? Path.of(own)
        : (caches.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", "/"), ".cache")
                : Path.of(caches))
            .resolve("vbus/guests");
  }

  private static boolean onPath(String name) {
    for (String dir : Objects.requireNonNull(System.getenv("PATH")).split(":", -1)) {
      if (Files.isExecutable(Path.of(dir, name))) {
        return true;
      }
    }
    return false;
  }

  /// Skips or fails.
  static void missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      fail(reason);
    }
    System.out.println("system test skipped: " + reason);
    abort(reason);
  }
}
