package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.SchedStat;

/// What a process has at a moment, by `/proc/PID`.
///
/// @param ownKb resident memory, kB, without what it shares with others
/// @param sharedKb resident memory of shared mappings, kB: of a host, what it has touched of its
///   guests' memory
/// @param threads how many
/// @param descriptors open ones
/// @param cpuNanos processor time of the threads that there are
record Footprint(long ownKb, long sharedKb, int threads, int descriptors, long cpuNanos) {
  /// All that is resident.
  long residentKb() {
    return ownKb + sharedKb;
  }

  /// Of one process.
  ///
  /// @throws BenchFailure when there is none
  static Footprint of(long pid) {
    Path proc = Path.of("/proc/" + pid);
    try (Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
      String status = Files.readString(proc.resolve("status"));
      return new Footprint(
          field(status, "RssAnon") + field(status, "RssFile"),
          field(status, "RssShmem"),
          (int) field(status, "Threads"),
          (int) descriptors.count(),
          SchedStat.of(pid, "").values().stream().mapToLong(SchedStat::runNanos).sum());
    } catch (IOException e) {
      throw new BenchFailure("process " + pid + " cannot be looked at: " + e.getMessage(), e);
    }
  }

  /// The number of a line `NAME: NUMBER ...`.
  ///
  /// @throws IllegalArgumentException when there is no such line
  static long field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .findFirst()
        .map(line -> Long.parseLong(line.substring(name.length() + 1).strip().split("\\s+", -1)[0]))
        .orElseThrow(() -> new IllegalArgumentException("no " + name + " in: " + status));
  }
}
