package org.vbus.bench.scale;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.Programs;

/// Bytes of Java objects that are left after a collection.
final class LiveHeap {
  private static final Pattern TOTAL =
      Pattern.compile("^Total\\s+\\d+\\s+(\\d+)", Pattern.MULTILINE);

  private LiveHeap() {}

  /// Of this JVM. What a collection finds to be cleaned up is gone after the next one.
  static long here() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /// Of another JVM, by the `jcmd` of this one's JDK; empty where there is none, or it cannot.
  static OptionalLong of(long pid) {
    Path jcmd = Path.of(System.getProperty("java.home", "/"), "bin", "jcmd");
    if (!Files.isExecutable(jcmd)) {
      return OptionalLong.empty();
    }
    try {
      return total(Programs.run(jcmd.toString(), Long.toString(pid), "GC.class_histogram"));
    } catch (BenchFailure e) {
      return OptionalLong.empty();
    }
  }

  /// The bytes that a class histogram sums up to.
  static OptionalLong total(String histogram) {
    Matcher total = TOTAL.matcher(histogram);
    return total.find()
        ? OptionalLong.of(Long.parseLong(String.valueOf(total.group(1))))
        : OptionalLong.empty();
  }
}
