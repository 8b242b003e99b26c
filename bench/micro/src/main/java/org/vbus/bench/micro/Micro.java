package org.vbus.bench.micro;

import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/// JMH's command line with a table of its own: one line per benchmark, as soon as it is measured.
/// With `-v`, `-h` or a list asked for, JMH's output is what it always is.
public final class Micro {
  private Micro() {}

  /// Runs what `args` select, options of JMH.
  ///
  /// @throws Exception when JMH refuses them
  public static void main(String[] args) throws Exception {
    CommandLineOptions given = new CommandLineOptions(args);
    if (given.verbosity().hasValue() || asksForText(given)) {
      org.openjdk.jmh.Main.main(args);
      return;
    }
    try {
      new Runner(given, new Table(System.out)).run();
    } catch (RunnerException e) {
      System.err.println("bench/micro: " + e.getMessage());
      System.exit(1);
    }
  }

  private static boolean asksForText(CommandLineOptions given) {
    return given.shouldHelp()
        || given.shouldList()
        || given.shouldListWithParams()
        || given.shouldListProfilers()
        || given.shouldListResultFormats();
  }
}
