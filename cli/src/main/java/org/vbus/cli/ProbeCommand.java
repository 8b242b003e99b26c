package org.vbus.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vbus.connector.vhostuser.Frontend;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// `vbus probe SOCKET`: is there a back-end, what can it do, does it work?
///
/// Exit status: 0; 1 when there is none or it fails, which is one line on standard error; 2 when
/// the command line is wrong.
@Command(
    name = "probe",
    mixinStandardHelpOptions = true,
    description = {
      "Connects to a vhost-user back-end as a guest's virtual machine monitor does, says what it"
          + " offers, and drives it for a moment.",
      "Reads the first sectors of a disk; sends frames that no switch passes on from a network"
          + " card."
    })
final class ProbeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SOCKET", description = "the back-end's socket")
  private Path socket = Path.of("");

  @Option(
      names = "--device",
      paramLabel = "KIND",
      description = "what the back-end is: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
  private Device device = Device.auto;

  @Option(names = "--server", description = "listen at SOCKET, where the back-end connects")
  private boolean server;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Time.class,
      description = "longest wait for each answer, such as 500ms or 5s. Default: 5s")
  private Duration timeout = Frontend.LIMIT;

  @Option(names = "--json", description = "print one JSON object instead of text")
  private boolean json;

  ProbeCommand() {}

  /// What the user says that the back-end is.
  enum Device {
    net,
    blk,
    auto
  }

  /// `5s` or `500ms`.
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern TEXT = Pattern.compile("([1-9][0-9]{0,6})(ms|s)");

    @Override
    public Duration convert(String value) {
      Matcher matcher = TEXT.matcher(value);
      if (!matcher.matches()) {
        throw new TypeConversionException("'" + value + "' is not a time such as 500ms or 5s");
      }
      long number = Long.parseLong(matcher.group(1));
      return matcher.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number);
    }
  }

  @Override
  public Integer call() throws IOException {
    ProbeReport report = probe();
    var out = spec.commandLine().getOut();
    out.print(json ? report.json() : report.text());
    out.flush();
    if (report.failure() != null) {
      spec.commandLine().getErr().println("vbus: " + socket + ": " + report.failure());
      return ExitCode.SOFTWARE;
    }
    return ExitCode.OK;
  }

  private ProbeReport probe() throws IOException {
    try (Frontend frontend =
        server ? Frontend.listen(socket, timeout) : Frontend.connect(socket, timeout)) {
      ProbeReport.Kind kind =
          switch (device) {
            case net -> ProbeReport.Kind.NET;
            case blk -> ProbeReport.Kind.BLK;
            case auto -> ProbeReport.Kind.UNKNOWN;
          };
      return new BackendProbe(frontend, timeout, kind).run(socket);
    } catch (IOException e) {
      throw new IOException(socket + ": " + e.getMessage(), e);
    }
  }
}
