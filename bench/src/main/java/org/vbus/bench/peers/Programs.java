package org.vbus.bench.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;

/// Short-lived programs.
public final class Programs {
  private Programs() {}

  /// Runs one to its end.
  ///
  /// @return what it said, both streams
  /// @throws BenchFailure when it cannot be started or fails
  public static String run(String... command) {
    return run(List.of(command), Map.of(), null);
  }

  /// As above, with variables added to the environment.
  ///
  /// @param dir where to run it; null = here
  static String run(List<String> command, Map<String, String> environment, @Nullable Path dir) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    if (dir != null) {
      builder.directory(dir.toFile());
    }
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new BenchFailure(
            "%s failed (%d): %s".formatted(String.join(" ", command), status, said.strip()));
      }
      return said;
    } catch (IOException e) {
      throw new BenchFailure("cannot run " + command.getFirst() + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailure("interrupted", e);
    }
  }

  /// The program called `name` on the path.
  public static Optional<Path> find(String name) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    for (String dir : path.split(":", -1)) {
      Path program = Path.of(dir, name);
      if (Files.isExecutable(program)) {
        return Optional.of(program);
      }
    }
    return Optional.empty();
  }
}
