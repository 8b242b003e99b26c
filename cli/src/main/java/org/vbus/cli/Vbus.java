package org.vbus.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line of `vbus`, all of it.
@Command(
    name = "vbus",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "One bus under virtio: hosts devices for guests, and measures what reaching them costs.",
    subcommands = {
      HostCommand.class,
      DeviceCommand.class,
      CheckCommand.class,
      DoctorCommand.class,
      ProbeCommand.class,
      SelfTestCommand.class,
      BenchCommand.class
    })
final class Vbus implements Runnable {
  private static final String CAPABILITIES = "--print-capabilities";

  @Spec private CommandSpec spec = CommandSpec.create();

  private Vbus() {}

  @Override
  public void run() {
    throw new MissingCommand(spec.commandLine());
  }

  private static final class MissingCommand extends ParameterException {
    private static final long serialVersionUID = 1L;

    MissingCommand(CommandLine line) {
      super(line, "which command?");
    }
  }

  /// Runs one command.
  ///
  /// @return the exit status
  static int execute(String... given) {
    // Of a back-end program that is asked what it is, everything else is to be ignored.
    String[] args =
        given.length > 2 && given[0].equals("device") && List.of(given).contains(CAPABILITIES)
            ? new String[] {given[0], given[1], CAPABILITIES}
            : given;
    return new CommandLine(new Vbus())
        .setParameterExceptionHandler((e, words) -> badCommandLine(e))
        .setExecutionExceptionHandler((e, line, parsed) -> report(e, line))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args);
  }

  /// One line; all of the usage only where no command was given.
  private static int badCommandLine(ParameterException e) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    if (e instanceof MissingCommand) {
      line.usage(err);
      return Main.BAD_INPUT;
    }
    String command = line.getCommandSpec().qualifiedName();
    String problem =
        e instanceof UnmatchedArgumentException unmatched
            ? unmatched(unmatched)
            : String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
    err.println("%s: %s; %s --help lists what there is".formatted(command, problem, command));
    return Main.BAD_INPUT;
  }

  private static String unmatched(UnmatchedArgumentException e) {
    String first = e.getUnmatched().getFirst();
    List<String> near = e.getSuggestions();
    String kind =
        e.isUnknownOption()
            ? "option"
            : e.getCommandLine().getParent() == null ? "command" : "word";
    return "unknown %s %s%s"
        .formatted(
            kind,
            first,
            near.isEmpty() ? "" : " (did you mean " + String.join(" or ", near) + "?)");
  }

  private static int report(Exception e, CommandLine line) throws Exception {
    return Main.report(e, line.getErr());
  }
}
