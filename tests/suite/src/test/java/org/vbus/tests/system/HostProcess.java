package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A running `./vbus host FILE`.
final class HostProcess implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Process process;
  private final Path out;
  private final Path err;

  private HostProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /// Starts it and waits until it says that it is up.
  ///
  /// @param config the configuration; the output goes to files next to it
  static HostProcess start(Path config, String... options) {
    Path out = config.resolveSibling(config.getFileName() + ".out");
    Path err = config.resolveSibling(config.getFileName() + ".err");
    // A shell that put the build into the background has it ignore SIGINT, and the JVM inherits
    // that.
    ProcessBuilder builder =
        Vbus.command(List.of("env", "--default-signal=INT,TERM"), "host", config.toString());
    builder.command().addAll(List.of(options));
    try {
      Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      HostProcess host = new HostProcess(process, out, err);
      try {
        await(
            "ready line of " + builder.command(),
            () -> host.err().contains(" is up") || !process.isAlive());
        assertThat(process.isAlive()).as("%s", host.err()).isTrue();
      } catch (Throwable t) {
        host.close();
        throw t;
      }
      return host;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Waits until `condition` holds.
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited " + LIMIT.toSeconds() + " s for " + what);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  /// Standard output so far.
  String out() {
    return text(out);
  }

  /// Standard error so far.
  String err() {
    return text(err);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// How it ended.
  ///
  /// @param status exit status
  record Stop(int status, Duration took) {}

  /// Sends a signal, such as `TERM`, and waits for the end.
  Stop signal(String name) {
    long begin = System.nanoTime();
    Run.of("kill", "-" + name, Long.toString(process.pid())).ok();
    try {
      boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      assertThat(ended).as("host ends after SIG%s", name).isTrue();
      return new Stop(process.exitValue(), took);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

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
