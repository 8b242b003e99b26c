package org.vbus.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.scale.ScaleBench;
import org.vbus.bench.scale.ScaleOptions;
import picocli.CommandLine.Option;

/// The options of `vbus bench` that are about what more of something costs.
final class ScaleBenchOptions {
  private static final String MODULE_PATH = "--module-path=";

  /// From the modules of a checkout to its script.
  private static final Path LAUNCHER = Path.of("../../../../vbus");

  @Option(
      names = "--scale",
      required = true,
      description =
          "Measure what up to 1,000 devices, 1,000,000 addresses and a start cost instead; needs"
              + " two idle processors. About four minutes, with --quick two.")
  @SuppressWarnings("UnusedVariable") // that it is there is what counts
  private boolean scale;

  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "PART",
      description = "With --scale: devices, macs, start.")
  private @Nullable Set<String> parts;

  @Option(
      names = "--over",
      split = ",",
      paramLabel = "NAME",
      description = "With --scale: connectors of the devices, loopback, vhost-user.")
  private @Nullable Set<String> over;

  @Option(
      names = "--devices",
      split = ",",
      paramLabel = "N",
      description = "With --scale: numbers of devices. Default: 1,10,100,1000")
  private @Nullable List<Integer> devices;

  @Option(
      names = "--addresses",
      split = ",",
      paramLabel = "N",
      description = "With --scale: sizes of the MAC table. Default: 10 to 1000000")
  private @Nullable List<Integer> addresses;

  @Option(
      names = "--starts",
      paramLabel = "N",
      description = "With --scale: starts of each program. Default: 11, with --quick 7")
  private int starts;

  ScaleBenchOptions() {}

  /// What is to be measured.
  ///
  /// @throws IllegalArgumentException naming what cannot be
  ScaleBench bench(boolean quick) {
    ScaleOptions options = quick ? ScaleOptions.quick() : ScaleOptions.full();
    options = parts == null ? options : options.parts(parts);
    options = over == null ? options : options.connectors(over);
    options = devices == null ? options : options.devices(devices);
    options = addresses == null ? options : options.addresses(addresses);
    options = starts == 0 ? options : options.starts(starts);
    List<String> command = PeerBenchOptions.ownCommand();
    return new ScaleBench(launcher(command), command, options);
  }

  /// The script `vbus` of the checkout that this runs from.
  private static Path launcher(List<String> command) {
    for (String word : command) {
      if (word.startsWith(MODULE_PATH)) {
        Path script = Path.of(word.substring(MODULE_PATH.length())).resolve(LAUNCHER).normalize();
        if (Files.isExecutable(script)) {
          return script;
        }
      }
    }
    throw new BenchFailure("starts are measured in a checkout: start it as ./vbus bench --scale");
  }
}
