package org.vbus.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Entry point of the `vbus` command.
@Command(name = "vbus", mixinStandardHelpOptions = true, version = "vbus 0.1.0-SNAPSHOT")
public final class Main implements Runnable {
  private Main() {}

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  /// Runs one command and exits with its status.
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
