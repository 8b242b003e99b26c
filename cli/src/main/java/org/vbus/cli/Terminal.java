package org.vbus.cli;

import java.io.Console;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether somebody is watching.
final class Terminal {
  private Terminal() {}

  /// A writer to standard output or error, line by line.
  static PrintWriter writer(PrintStream to) {
    return new PrintWriter(new OutputStreamWriter(to, to.charset()), true);
  }

  /// Whether standard input and output are a terminal.
  @SuppressWarnings("SystemConsoleNull") // which of the two it is depends on the JDK
  static boolean isInteractive() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /// Whether standard error is a terminal, whatever the other two are.
  static boolean showsErrors() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException _) {
      return false;
    }
  }
}
