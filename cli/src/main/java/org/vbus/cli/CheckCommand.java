package org.vbus.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.vbus.core.bus.Bus;
import org.vbus.stack.Stack;
import org.vbus.stack.StackConfig;
import org.vbus.stack.StackFile;
import org.vbus.stack.config.ConfigReference;
import org.vbus.stack.spi.Plugin;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `vbus check FILE`: composes a stack without starting it.
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = "Checks a configuration without starting anything.")
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(multiplicity = "1")
  private What what = new What();

  private static final class What {
    @Parameters(paramLabel = "FILE", description = "the configuration (HOCON)", arity = "0..1")
    private Path file = Path.of("");

    @Option(names = "--reference", description = "list every key of every plug-in instead")
    private boolean reference;
  }

  CheckCommand() {}

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    if (what.reference) {
      ConfigReference.describe(StackConfig.class).forEach(out::println);
      StackFile.switches().values().forEach(plugin -> describe("switch model", plugin));
      StackFile.connectors().values().forEach(plugin -> describe("connector", plugin));
      StackFile.devices().values().forEach(plugin -> describe("device model", plugin));
      return 0;
    }
    try (Stack stack = StackFile.load(what.file)) {
      List<String> names = stack.buses().stream().map(Bus::name).toList();
      out.println(
          "%s: good: %s"
              .formatted(
                  what.file,
                  switch (names.size()) {
                    case 0 -> "no bus";
                    case 1 -> "bus " + names.getFirst();
                    default -> names.size() + " buses, " + String.join(", ", names);
                  }));
    }
    return 0;
  }

  private void describe(String kind, Plugin<?> plugin) {
    var out = spec.commandLine().getOut();
    out.println();
    out.println(kind + " " + plugin.name());
    ConfigReference.describe(plugin.configType()).forEach(line -> out.println("  " + line));
  }
}
