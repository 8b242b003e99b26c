package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Debian's kernel and busybox in a virtual machine of QEMU, interpreted, not virtualized. Scripts
/// run inside through a virtio-serial port, so that a guest needs no network to be asked about it.
///
/// Failures show the console and what QEMU said. One thread at a time.
final class LinuxGuest implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String UP = "vbus-guest: up";
  private static final Pattern DEAD =
      Pattern.compile("Kernel panic|vbus-guest: no module|BUG: |Oops: ");

  private final Path dir;
  private final String name;
  private final Process process;
  private int boots;
  private @Nullable QemuSocket shell;
  private @Nullable Qmp qmp;

  private LinuxGuest(Path dir, String name, Process process) {
    this.dir = dir;
    this.name = name;
    this.process = process;
  }

  /// Starts a command of [GuestBuilder].
  static LinuxGuest start(Path dir, String name, List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(file(dir, name, "qemu").toFile())
              .start();
      process.getOutputStream().close();
      return new LinuxGuest(dir, name, process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A file or socket of a guest.
  static Path file(Path dir, String name, String kind) {
    return dir.resolve(name + "." + kind);
  }

  /// Waits until the guest has started, or started again.
  LinuxGuest awaitBoot() {
    boots++;
    HostProcess.await("guest " + name + " to start\n", () -> !alive() || up() || dead());
    assertThat(process.isAlive() && up()).as("%s", story()).isTrue();
    if (shell == null) {
      shell = new QemuSocket(file(dir, name, "shell"), this::story);
    }
    return this;
  }

  private boolean up() {
    return occurrences(UP) >= boots;
  }

  private boolean dead() {
    return DEAD.matcher(console()).find();
  }

  private long occurrences(String line) {
    return console().lines().filter(line::equals).count();
  }

  boolean alive() {
    return process.isAlive();
  }

  /// QEMU's process.
  long pid() {
    return process.pid();
  }

  /// What the kernel and init wrote.
  String console() {
    return text("console");
  }

  private String text(String kind) {
    Path file = file(dir, name, kind);
    try {
      return Files.exists(file)
          ? Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1)
          : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String story() {
    return "guest %s, QEMU %s:%n%s%nconsole:%n%s"
        .formatted(name, alive() ? "running" : "ended", text("qemu"), console());
  }

  /// Runs a shell script inside to its end; at most 60 seconds.
  Run run(String script) {
    return run(LIMIT, script);
  }

  /// Runs a shell script inside to its end.
  ///
  /// @throws AssertionError when it takes longer than `limit`; the guest takes no more scripts then
  Run run(Duration limit, String script) {
    QemuSocket port = shell();
    port.write(script.length() + "\n" + script);
    String[] head = port.line("the end of " + script, limit).split(" ", -1);
    String out = port.text("output of " + script, Integer.parseInt(head[1]), limit);
    String err = port.text("errors of " + script, Integer.parseInt(head[2]), limit);
    return new Run(List.of(name, script), Integer.parseInt(head[0]), out, err);
  }

  private QemuSocket shell() {
    if (shell == null) {
      throw new IllegalStateException("guest " + name + " was not waited for");
    }
    return shell;
  }

  /// Starts a command inside that goes on after this call; its output goes to `/tmp/LOG`.
  void background(String command, String log) {
    Run _ = run("%s >/tmp/%s 2>&1 &".formatted(command, log)).ok();
  }

  /// Gives an interface an address and waits until it has a carrier.
  void address(String device, String cidr) {
    Run _ =
        run("ip addr add %s dev %s && ip link set %s up".formatted(cidr, device, device)
                + " && until [ \"$(cat /sys/class/net/%s/carrier)\" = 1 ]; do usleep 10000; done"
                    .formatted(device))
            .ok();
  }

  /// How often interrupts came whose name in `/proc/interrupts` matches, since the guest started.
  ///
  /// @param pattern a regular expression, such as `virtio1-input\.0`
  long interrupts(String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher("");
    return run("cat /proc/interrupts")
        .ok()
        .out()
        .lines()
        .filter(line -> matcher.reset(line).find())
        .flatMap(
            line -> Stream.of(line.strip().split("\\s+", -1)).skip(1).takeWhile(LinuxGuest::number))
        .mapToLong(Long::parseLong)
        .sum();
  }

  private static boolean number(String word) {
    return word.chars().allMatch(Character::isDigit);
  }

  /// The name of the virtio device under an interface, such as `virtio1`.
  String virtio(String device) {
    return run("basename $(readlink /sys/class/net/%s/device)".formatted(device))
        .ok()
        .out()
        .strip();
  }

  /// The virtio features that the driver of an interface negotiated, by bit.
  BitSet features(String device) {
    String bits = run("cat /sys/class/net/%s/device/features".formatted(device)).ok().out();
    BitSet features = new BitSet();
    for (int i = 0; i < 64; i++) {
      features.set(i, bits.charAt(i) == '1');
    }
    return features;
  }

  /// The machine protocol; waits until QEMU has made its devices.
  Qmp qmp() {
    if (qmp == null) {
      qmp = new Qmp(new QemuSocket(file(dir, name, "qmp"), this::story));
    }
    return qmp;
  }

  /// The guest starts itself again, and this waits for it.
  LinuxGuest reboot() {
    shell().write("9\nreboot -f");
    return awaitBoot();
  }

  /// QEMU resets the machine, whatever the guest does, and this waits for it.
  LinuxGuest reset() {
    var _ = qmp().execute("system_reset");
    return awaitBoot();
  }

  /// Begins to move the guest to a QEMU that was started for that with [GuestBuilder#incoming].
  void moveTo(LinuxGuest destination) {
    Path socket = file(destination.dir, destination.name, "incoming");
    HostProcess.await("socket of " + destination.name, () -> Files.exists(socket));
    var _ = qmp().execute("migrate", "{\"uri\":\"unix:%s\"}".formatted(socket));
  }

  /// Waits until the guest has left this QEMU, which keeps nothing but its memory.
  ///
  /// @return how it went, see QEMU's `query-migrate`
  Config awaitMoved() {
    Config[] last = {qmp().execute("query-migrate").getConfig("return")};
    HostProcess.await(
        "the migration of " + name,
        () -> {
          last[0] = qmp().execute("query-migrate").getConfig("return");
          return List.of("completed", "failed", "cancelled").contains(last[0].getString("status"));
        });
    assertThat(last[0].getString("status")).as("%s%n%s", last[0], story()).isEqualTo("completed");
    return last[0];
  }

  /// Waits until the guest runs here that ran in another QEMU before.
  LinuxGuest awaitArrival() {
    Path port = file(dir, name, "qmp");
    HostProcess.await("monitor of " + name, () -> Files.exists(port) || !alive());
    HostProcess.await(
        "guest " + name + " to run",
        () -> qmp().execute("query-status").getString("return.status").equals("running"));
    shell = new QemuSocket(file(dir, name, "shell"), this::story);
    return this;
  }

  /// The guest powers off, and QEMU ends with status 0.
  void powerOff() {
    shell().write("11\npoweroff -f");
    awaitEnd();
    assertThat(process.exitValue()).as("%s", story()).isZero();
  }

  /// Kills QEMU, as `kill -9` does.
  void kill() {
    Run.kill(process);
    awaitEnd();
  }

  private void awaitEnd() {
    try {
      boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(ended).as("%s", story()).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (shell != null) {
      shell.close();
    }
    if (qmp != null) {
      qmp.close();
    }
    Run.kill(process);
    awaitEnd();
  }
}
