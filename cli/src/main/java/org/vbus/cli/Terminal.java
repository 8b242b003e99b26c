package org.vbus.cli;

import java.io.Console;

/// Whether somebody is watching.
final class Terminal {
  private Terminal() {}

  /// Whether standard input and output are a terminal.
  @SuppressWarnings("SystemConsoleNull") // which of the two it is depends on the JDK
  static boolean isInteractive() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
