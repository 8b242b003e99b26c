package org.vbus.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `vbus host FILE`: runs a stack until it is told to stop.
///
/// Exit status: 130 after SIGINT and 143 after SIGTERM, as the JVM has it, with everything stopped;
/// 1 and 2 when it could not start, see [Main].
@Command(
    name = "host",
    mixinStandardHelpOptions = true,
    description = "Runs the stack a configuration describes until SIGINT or SIGTERM.")
final class HostCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(multiplicity = "1")
  private What what = new What();

  private static final class What {
    @Parameters(paramLabel = "FILE", description = "the configuration (HOCON)", arity = "0..1")
    private Path file = Path.of("");

    @Option(
        names = "--example",
        paramLabel = "NAME",
        description =
            "print a configuration to begin with instead, and what to start with it: qemu")
    private @Nullable String example;
  }

  @Option(
      names = "--status",
      paramLabel = "SECONDS",
      description =
          "print the status table this often; 0 = never. Default: 5 on a terminal, else 0")
  private int statusSeconds = HostStack.BY_TERMINAL;

  HostCommand() {}

  @Override
  public Integer call() throws Exception {
    if (what.example != null) {
      spec.commandLine().getOut().print(example(what.example));
      return 0;
    }
    CommandLine line = spec.commandLine();
    return new HostStack(what.file, statusSeconds, line.getOut(), line.getErr()).run();
  }

  private String example(String name) throws IOException {
    try (InputStream text =
        name.matches("[a-z]+")
            ? getClass().getResourceAsStream("example-" + name + ".conf")
            : null) {
      if (text == null) {
        throw new ParameterException(
            spec.commandLine(), "no example is named " + name + "; available: qemu");
      }
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
