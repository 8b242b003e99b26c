package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A command that has ended.
///
/// @param status its exit status
/// @param out what it wrote to standard output
/// @param err what it wrote to standard error
record Run(List<String> command, int status, String out, String err) {
  /// Runs a command to its end.
  ///
  /// @throws AssertionError when it takes longer than `limit`; it is killed then
  static Run of(Duration limit, ProcessBuilder builder) {
    try {
      Path out = Files.createTempFile("vbus-it", ".out");
      Path err = Files.createTempFile("vbus-it", ".err");
      try {
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
          process.getOutputStream().close();
          if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError(
                "%s took longer than %d s; it said:%n%s%n%s"
                    .formatted(builder.command(), limit.toSeconds(), text(out), text(err)));
          }
          return new Run(builder.command(), process.exitValue(), text(out), text(err));
        } finally {
          kill(process);
        }
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Runs a command for at most 10 seconds.
  static Run of(String... command) {
    return of(Duration.ofSeconds(10), new ProcessBuilder(command));
  }

  /// Ends a process and all it started.
  static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /// This, if the command succeeded.
  Run ok() {
    if (status != 0) {
      throw new AssertionError(
          "%s ended with status %d:%n%s%n%s".formatted(command, status, out, err));
    }
    return this;
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }
}
