package org.vbus.bench.peers;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.vbus.bench.BenchFailure;

/// What the scheduler says of a thread: `/proc/PID/task/TID/schedstat`.
///
/// @param runNanos time on a processor
/// @param waitNanos time runnable without one
public record SchedStat(long runNanos, long waitNanos) {
  private static final Path PROC = Path.of("/proc");

  /// Reads `RUN WAIT SLICES`.
  ///
  /// @throws IllegalArgumentException when it is something else
  public static SchedStat parse(String text) {
    String[] words = text.strip().split(" ", -1);
    if (words.length != 3) {
      throw new IllegalArgumentException("not a schedstat: " + text);
    }
    return new SchedStat(Long.parseLong(words[0]), Long.parseLong(words[1]));
  }

  /// The threads of a process whose name contains `name`, by number.
  ///
  /// @throws BenchFailure when there is none
  public static Map<Long, SchedStat> of(long pid, String name) {
    Map<Long, SchedStat> found = new TreeMap<>();
    Path tasks = PROC.resolve(Long.toString(pid)).resolve("task");
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        if (Files.readString(thread.resolve("comm")).contains(name)) {
          found.put(
              Long.valueOf(String.valueOf(thread.getFileName())),
              parse(Files.readString(thread.resolve("schedstat"))));
        }
      }
    } catch (IOException e) {
      throw new BenchFailure("no scheduler statistics of process " + pid, e);
    }
    if (found.isEmpty()) {
      throw new BenchFailure("process %d has no thread called %s".formatted(pid, name));
    }
    return found;
  }

  /// The largest part of `nanos` that any of these threads waited between two looks.
  static double waited(Map<Long, SchedStat> before, Map<Long, SchedStat> after, long nanos) {
    double most = 0;
    for (Map.Entry<Long, SchedStat> entry : after.entrySet()) {
      SchedStat earlier = before.getOrDefault(entry.getKey(), new SchedStat(0, 0));
      most = Math.max(most, (double) (entry.getValue().waitNanos - earlier.waitNanos) / nanos);
    }
    return most;
  }
}
