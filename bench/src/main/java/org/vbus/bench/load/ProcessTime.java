package org.vbus.bench.load;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.SchedStat;

/// Time of a process on processors, all threads together, as the scheduler has it.
///
/// @param runNanos that it ran
/// @param waitNanos that its threads of a name were runnable and did not run, of all of them
record ProcessTime(long runNanos, long waitNanos) {
  private static final Path PROC = Path.of("/proc");

  /// Of a process, now.
  ///
  /// @param thread part of the names of the threads whose waiting counts
  /// @throws BenchFailure when it has ended
  static ProcessTime of(long pid, String thread) {
    long run = 0;
    long wait = 0;
    Path tasks = PROC.resolve(Long.toString(pid)).resolve("task");
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path each : threads) {
        try {
          SchedStat stat = SchedStat.parse(Files.readString(each.resolve("schedstat")));
          run += stat.runNanos();
          if (Files.readString(each.resolve("comm")).contains(thread)) {
            wait += stat.waitNanos();
          }
        } catch (IOException _) {
          // This thread has ended meanwhile.
        }
      }
    } catch (IOException e) {
      throw new BenchFailure("no scheduler statistics of process " + pid, e);
    }
    return new ProcessTime(run, wait);
  }

  /// Waiting of the calling thread, nanoseconds.
  static long ownWait() {
    try {
      return SchedStat.parse(Files.readString(PROC.resolve("thread-self/schedstat"))).waitNanos();
    } catch (IOException e) {
      throw new BenchFailure("no scheduler statistics", e);
    }
  }
}
