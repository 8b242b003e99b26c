package org.vbus.bench.report;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the environment of this process from `/proc/cpuinfo` and the JVM.
final class EnvironmentProbe {
  private EnvironmentProbe() {}

  static Environment probe(String version, @Nullable String commit, List<String> notes) {
    String cpuInfo = cpuInfo();
    var allNotes = new ArrayList<>(notes);
    if (isVirtualMachine(cpuInfo)) {
      allNotes.add("The host is itself a virtual machine.");
    }
    return new Environment(
        cpuModel(cpuInfo),
        Runtime.getRuntime().availableProcessors(),
        property("os.name") + " " + property("os.version") + " " + property("os.arch"),
        property("java.runtime.version") + ", " + property("java.vendor"),
        jvmFlags(ManagementFactory.getRuntimeMXBean().getInputArguments()),
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(GarbageCollectorMXBean::getName)
            .collect(joining(", ")),
        version,
        commit,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        allNotes);
  }

  /// The `-X` options; module and property options do not change the figures. Values that are file
  /// names lose their directory, which says nothing but where somebody lives.
  static List<String> jvmFlags(List<String> arguments) {
    return arguments.stream()
        .filter(argument -> argument.startsWith("-X"))
        .map(argument -> argument.replaceAll("([=:])[^=:,]*/", "$1"))
        .toList();
  }

  static String cpuModel(String cpuInfo) {
    return cpuInfo
        .lines()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  static boolean isVirtualMachine(String cpuInfo) {
    return cpuInfo
        .lines()
        .filter(line -> line.startsWith("flags"))
        .limit(1)
        .flatMap(line -> Arrays.stream(line.split("\\s+", -1)))
        .anyMatch("hypervisor"::equals);
  }

  private static String cpuInfo() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo"));
    } catch (IOException _) {
      return "";
    }
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }
}
