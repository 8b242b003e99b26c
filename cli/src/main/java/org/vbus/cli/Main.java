package org.vbus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import org.vbus.stack.config.BadConfigException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Entry point of the `vbus` command.
///
/// Exit status: 0 done, 1 failed, 2 bad configuration or bad command line. What failed is one line
/// on standard error.
@Command(
    name = "vbus",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "One bus under virtio: hosts devices for guests, and measures what reaching them costs.",
    subcommands = {
      HostCommand.class,
      CheckCommand.class,
      DoctorCommand.class,
      SelfTestCommand.class,
      BenchCommand.class
    })
public final class Main implements Runnable {
  private static final int FAILED = 1;
  private static final int BAD_INPUT = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  private Main() {}

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
  }

  /// Runs one command and exits with its status.
  public static void main(String[] args) {
    System.exit(execute(args));
  }

  static int execute(String... args) {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler((e, line, parsed) -> report(e, line))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args);
  }

  private static int report(Exception e, CommandLine line) throws Exception {
    PrintWriter err = line.getErr();
    if (e instanceof BadConfigException) {
      err.println(e.getMessage());
      return BAD_INPUT;
    }
    if (e instanceof IOException || e instanceof UncheckedIOException) {
      err.println("vbus: " + e.getMessage());
      return FAILED;
    }
    throw e;
  }
}
