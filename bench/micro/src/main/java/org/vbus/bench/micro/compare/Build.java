package org.vbus.bench.micro.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The benchmarks of one commit, built, and how to run one of them in a fresh JVM.
final class Build {
  private static final String PROFILER = "org.vbus.bench.micro.CpuTime";

  /// What the profiler found, in JMH's result file.
  private static final Pattern RAW =
      Pattern.compile("(?s)\"cpu\"\\s*:.*?\"rawData\"\\s*:\\s*\\[\\s*\\[([^\\]]*)]");

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  private final String classPath;
  private final String jvmArgs;

  /// @param module `bench/micro` of a tree that is built
  /// @param jvmArgs options of the JVM that is measured
  Build(Path module, String jvmArgs) {
    Path target = module.resolve("target");
    this.classPath = target.resolve("classes") + ":" + target.resolve("lib") + "/*";
    this.jvmArgs = jvmArgs;
  }

  /// What there is to measure of the benchmarks that `pattern` matches.
  List<Case> cases(String pattern) throws IOException, InterruptedException {
    Process jmh = start(List.of("-lp", pattern));
    List<String> lines = jmh.inputReader().lines().toList();
    // With nothing to list JMH fails; that one side lacks a benchmark is no failure here.
    jmh.waitFor();
    return Case.parse(lines);
  }

  /// Measures `what` once, in a JVM of its own.
  ///
  /// @return processor time in nanoseconds per operation, the lower quartile of the iterations:
  ///   those that something else on the machine disturbed are the slow ones
  /// @throws IOException with JMH's output when it fails
  double measure(Case what, Effort effort) throws IOException, InterruptedException {
    Path json = Files.createTempFile("vbus-compare", ".json");
    try {
      List<String> options = new ArrayList<>(effort.options());
      options.addAll(List.of("-f", "1", "-foe", "true", "-rf", "json", "-rff", json.toString()));
      options.addAll(List.of("-prof", PROFILER, "-jvmArgs", jvmArgs));
      for (String param : what.params()) {
        options.addAll(List.of("-p", param));
      }
      options.add("^" + Pattern.quote(what.method()) + "$");
      Process jmh = start(options);
      String output = String.join("\n", jmh.inputReader().lines().toList());
      Matcher raw = RAW.matcher(Files.readString(json));
      if (jmh.waitFor() != 0 || !raw.find()) {
        throw new IOException(what + " failed:\n" + output);
      }
      double[] times =
          Arrays.stream(raw.group(1).split(","))
              .mapToDouble(Double::parseDouble)
              .sorted()
              .toArray();
      return times[(times.length - 1) / 4];
    } finally {
      Files.delete(json);
    }
  }

  private Process start(List<String> options) throws IOException {
    List<String> command = new ArrayList<>(List.of(JAVA, "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-XX:+UseSerialGC", "--sun-misc-unsafe-memory-access=allow"));
    command.addAll(List.of("-cp", classPath, "org.openjdk.jmh.Main"));
    command.addAll(options);
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
