package org.vbus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.BenchOptions;
import org.vbus.bench.KvmBench;
import org.vbus.bench.LoopbackBench;
import org.vbus.bench.Progress;
import org.vbus.bench.load.LoadBench;
import org.vbus.bench.load.LoadOptions;
import org.vbus.bench.peers.Cores;
import org.vbus.bench.peers.PeerBench;
import org.vbus.bench.peers.Scenario;
import org.vbus.bench.report.BenchReport;
import org.vbus.bench.report.Environment;
import org.vbus.bench.report.HtmlReport;
import org.vbus.bench.report.JsonReport;
import org.vbus.bench.report.LoadReport;
import org.vbus.bench.report.PeerReport;
import org.vbus.bench.report.PeerRow;
import org.vbus.bench.report.Run;
import org.vbus.bench.report.Table;
import org.vbus.bench.report.TableReport;
import org.vbus.bench.report.TextTable;
import org.vbus.bench.scale.ScaleBench;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `vbus bench`: measures exits per I/O and prints the table.
///
/// Exit status: 0; 1 when a run fails or a report cannot be written after all; 2, before anything
/// is measured, when the command line is wrong or a file cannot be written.
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures exits per I/O on the loopback and KVM connectors, over signal policy, event index,"
          + " number of devices, batch size and load, and prints a table.",
      "Takes about three minutes and needs two idle processors.",
      "With --peers: compares frames per second with other programs, see docs/performance.md.",
      "With --load: offers loads and measures latency, processor time and exits over them.",
      "With --scale: measures what devices, addresses and starts cost."
    })
final class BenchCommand implements Callable<Integer> {
  private static final Set<String> CONNECTORS = Set.of(LoopbackBench.CONNECTOR, KvmBench.CONNECTOR);

  private static final String CLEAR_LINE = "\r\033[K";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--quick",
      description = "Measure briefly, about half a minute: counts are right, times rough.")
  private boolean quick;

  @Option(
      names = "--connector",
      paramLabel = "NAME",
      split = ",",
      description = "Measure this one: loopback, kvm; by default both, kvm where there is KVM.")
  private @Nullable Set<String> connector;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures as JSON.")
  private @Nullable Path json;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page with charts.")
  private @Nullable Path html;

  @ArgGroup(exclusive = false, validate = true)
  private @Nullable PeerBenchOptions peers;

  @ArgGroup(exclusive = false, validate = true)
  private @Nullable LoadBenchOptions load;

  @ArgGroup(exclusive = false, validate = true)
  private @Nullable ScaleBenchOptions scale;

  BenchCommand() {}

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    Set<String> connectors;
    try {
      if (load != null && peers != null) {
        throw new IllegalArgumentException("either --load or --peers");
      }
      connectors = connectors();
      checkWritable(json);
      checkWritable(html);
    } catch (IllegalArgumentException e) {
      err.println("vbus bench: " + e.getMessage());
      return ExitCode.USAGE;
    } catch (IOException e) {
      err.println("vbus bench: " + reason(e));
      return ExitCode.USAGE;
    }
    try {
      if (load != null) {
        LoadReport report = offer(load, err);
        write(report.text(), report.json(), report.html());
      } else if (scale != null) {
        TableReport report = scale(scale, err);
        write(report.text(), report.json(), report.html());
      } else if (peers != null) {
        PeerReport report = compare(peers, err);
        write(report.text(), report.json(), report.html());
      } else {
        BenchReport report = measure(err, connectors);
        write(TextTable.of(report), JsonReport.of(report), HtmlReport.of(report));
      }
      return ExitCode.OK;
    } catch (IllegalArgumentException e) {
      err.println("vbus bench: " + e.getMessage());
      return ExitCode.USAGE;
    } catch (BenchFailure e) {
      err.println("vbus bench: " + e.getMessage());
    } catch (IOException e) {
      err.println("vbus bench: " + reason(e));
    }
    return ExitCode.SOFTWARE;
  }

  /// What to measure. KVM is left out where it is not asked for and not there.
  private Set<String> connectors() {
    Set<String> asked = connector;
    if (asked == null) {
      return KvmBench.problem().isEmpty() ? CONNECTORS : Set.of(LoopbackBench.CONNECTOR);
    }
    for (String name : asked) {
      if (!CONNECTORS.contains(name)) {
        throw new IllegalArgumentException(
            "no benchmark of a connector %s; there are loopback and kvm".formatted(name));
      }
    }
    String problem = asked.contains(KvmBench.CONNECTOR) ? KvmBench.problem() : "";
    if (!problem.isEmpty()) {
      throw new IllegalArgumentException(problem);
    }
    return asked;
  }

  private void write(String text, String asJson, String asHtml) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.print(text);
    out.flush();
    if (json != null) {
      Files.writeString(json, asJson);
    }
    if (html != null) {
      Files.writeString(html, asHtml);
    }
  }

  private BenchReport measure(PrintWriter err, Set<String> connectors) {
    BenchOptions options = quick ? BenchOptions.quick() : BenchOptions.full();
    List<Run> runs = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    if (connectors.contains(LoopbackBench.CONNECTOR)) {
      LoopbackBench bench = new LoopbackBench();
      runs.addAll(showing(err, Progress.none(), progress -> bench.run(options, progress)));
      notes.addAll(bench.notes());
    }
    if (connectors.contains(KvmBench.CONNECTOR)) {
      KvmBench bench = new KvmBench();
      BenchOptions more = options.devices(1, 4, 8, 16, 64);
      runs.addAll(showing(err, Progress.none(), progress -> bench.run(more, progress)));
      notes.addAll(bench.notes());
    }
    return new BenchReport(Environment.detect(Version.text(), Commit.here(), notes), runs);
  }

  private PeerReport compare(PeerBenchOptions chosen, PrintWriter err) {
    List<Scenario> scenarios = chosen.scenarios(quick);
    PeerBench bench =
        new PeerBench(
            PeerBenchOptions.ownCommand(), Version.text(), chosen.cores(), chosen.options(quick));
    List<PeerRow> rows = showing(err, err::println, progress -> bench.run(scenarios, progress));
    List<String> leftOut = new ArrayList<>(chosen.impossible(quick));
    leftOut.addAll(bench.leftOut());
    return new PeerReport(
        Environment.detect(Version.text(), Commit.here(), bench.notes()),
        bench.versions(),
        rows,
        leftOut);
  }

  private LoadReport offer(LoadBenchOptions chosen, PrintWriter err) {
    LoadOptions options = chosen.options(quick);
    Cores cores = chosen.cores();
    LoadBench bench = new LoadBench(PeerBenchOptions.ownCommand(), Version.text(), cores, options);
    return showing(
        err,
        err::println,
        progress -> {
          bench.run(progress);
          return bench.report(Environment.detect(Version.text(), Commit.here(), bench.notes()));
        });
  }

  private TableReport scale(ScaleBenchOptions chosen, PrintWriter err) {
    ScaleBench bench = chosen.bench(quick);
    List<Table> tables = showing(err, err::println, bench::run);
    return new TableReport(
        "What more of it costs",
        Environment.detect(Version.text(), Commit.here(), List.of()),
        tables,
        bench.leftOut());
  }

  /// Runs `work` with its progress on the terminal, on one line.
  ///
  /// @param elsewhere hears of it where there is no terminal
  private static <T> T showing(PrintWriter err, Progress elsewhere, Function<Progress, T> work) {
    if (!Terminal.showsErrors()) {
      return work.apply(elsewhere);
    }
    try {
      return work.apply(text -> {
        err.print(CLEAR_LINE + text);
        err.flush();
      });
    } finally {
      err.print(CLEAR_LINE);
      err.flush();
    }
  }

  /// Opens `file` for writing and leaves it as it was.
  private static void checkWritable(@Nullable Path file) throws IOException {
    if (file == null) {
      return;
    }
    boolean fresh = Files.notExists(file);
    Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
    if (fresh) {
      Files.delete(file);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing ->
          "cannot write " + missing.getFile() + ": no such directory";
      case AccessDeniedException denied ->
          "cannot write " + denied.getFile() + ": permission denied";
      case FileSystemException other ->
          "cannot write " + other.getFile() + ": " + other.getReason();
      default -> "cannot write a report: " + e.getMessage();
    };
  }
}
