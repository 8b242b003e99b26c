package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.peers.Children;
import org.vbus.bench.report.Table;

/// Measures what devices, addresses and starts cost. What cannot be measured here is left out, with
/// its reason.
public final class ScaleBench {
  /// Descriptors that this process takes for each guest of a host, and some that it has.
  private static final int PER_GUEST = 14;

  private static final int ANYWAY = 200;
  private static final Pattern OPEN_FILES = Pattern.compile("Max open files\\s+(\\d+)");

  private final Path launcher;
  private final List<String> command;
  private final ScaleOptions options;
  private final List<String> leftOut = new ArrayList<>();

  /// A benchmark that has not run.
  ///
  /// @param launcher the script `vbus`
  /// @param command how that starts `vbus`, in words
  public ScaleBench(Path launcher, List<String> command, ScaleOptions options) {
    this.launcher = launcher;
    this.command = List.copyOf(command);
    this.options = options;
  }

  /// Measures everything that was asked for.
  ///
  /// @throws BenchFailure when a start, or the MAC table, does not work
  public List<Table> run(Progress progress) {
    List<Table> tables = new ArrayList<>();
    try (Children children = new Children()) {
      if (options.parts().contains("start")) {
        StartPrograms programs = new StartPrograms(children.dir());
        StartScale starts = new StartScale(children, progress);
        starts.measure(programs.find(launcher, command), options.starts());
        leftOut.addAll(programs.leftOut());
        tables.add(starts.table());
      }
      if (options.parts().contains("devices")) {
        DeviceScale devices = new DeviceScale(options, progress);
        devices(devices, "loopback", LoopbackCards::new);
        devices(devices, "vhost-user", most -> new VhostCards(children, command, most));
        tables.add(devices.table());
      }
    }
    if (options.parts().contains("macs")) {
      MacScale macs = new MacScale(options.load(), progress);
      options.addresses().forEach(macs::measure);
      tables.add(macs.table());
    }
    return tables;
  }

  private void devices(DeviceScale to, String connector, IntFunction<Cards> open) {
    if (!options.connectors().contains(connector)) {
      return;
    }
    for (int devices : options.devices()) {
      long needed = connector.equals("loopback") ? 0 : (long) PER_GUEST * devices + ANYWAY;
      if (needed > descriptorLimit()) {
        leftOut.add(
            "%s, %d devices: needs %d descriptors, there may be %d (ulimit -n)"
                .formatted(connector, devices, needed, descriptorLimit()));
        continue;
      }
      try {
        to.measure(connector, devices, open);
      } catch (BenchFailure e) {
        leftOut.add("%s, %d devices: %s".formatted(connector, devices, e.getMessage()));
      }
    }
  }

  private static long descriptorLimit() {
    try {
      Matcher limit = OPEN_FILES.matcher(Files.readString(Path.of("/proc/self/limits")));
      return limit.find() ? Long.parseLong(String.valueOf(limit.group(1))) : Long.MAX_VALUE;
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  /// What was not measured, and why.
  public List<String> leftOut() {
    return List.copyOf(leftOut);
  }
}
