package org.vbus.bench.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.vbus.bench.BenchFailure;

/// A process of the comparison, and the file it writes to. One thread at a time, but for [#kill()].
public final class Child {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int LAST_LINES = 12;
  private static final int LOOK_MILLIS = 20;

  private final String name;
  private final Process process;
  private final Path log;

  Child(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  String name() {
    return name;
  }

  /// Number of the process.
  public long pid() {
    return process.pid();
  }

  /// Whether it has not ended.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// All it has said.
  public String said() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new BenchFailure("cannot read what " + name + " said", e);
    }
  }

  /// Types a line.
  void type(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw failure("takes no more commands");
    }
  }

  /// Waits until `condition` holds.
  ///
  /// @param what for the message
  /// @throws BenchFailure when it ends before that, or takes too long
  public void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive()) {
        throw failure("ended while waiting for " + what);
      }
      if (System.nanoTime() > deadline) {
        throw failure("gave no sign of %s in %d s".formatted(what, LIMIT.toSeconds()));
      }
      Pause.of(Duration.ofMillis(LOOK_MILLIS));
    }
  }

  /// A failure with the end of what it said.
  public BenchFailure failure(String what) {
    var lines = said().lines().toList();
    int from = Math.max(0, lines.size() - LAST_LINES);
    return new BenchFailure(
        "%s %s; it said: %s"
            .formatted(name, what, String.join("\n  ", lines.subList(from, lines.size()))));
  }

  /// Sends a signal by the program kill, if it is still there.
  public void signal(String signal) {
    if (!process.isAlive()) {
      throw failure("has ended");
    }
    Programs.run("kill", "-" + signal, Long.toString(pid()));
  }

  /// Sets the weight of its session among others where the kernel groups processes by session, and
  /// where that is permitted: there `nice` means nothing between them.
  ///
  /// @return whether it was
  public boolean autogroup(int nice) {
    try {
      Files.writeString(Path.of("/proc/" + pid() + "/autogroup"), Integer.toString(nice));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// Waits for its end; kills it when that takes too long.
  void awaitEnd(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      kill();
    }
  }

  /// Ends it at once, stopped or not; any thread. It is gone when this returns.
  void kill() {
    process.destroyForcibly();
    boolean interrupted = false;
    while (process.isAlive()) {
      try {
        int _ = process.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
