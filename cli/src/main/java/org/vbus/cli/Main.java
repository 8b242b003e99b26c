package org.vbus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import org.vbus.linux.Linux;
import org.vbus.stack.config.BadConfigException;

/// Entry point of the `vbus` command.
///
/// Exit status: 0 done, 1 failed, 2 bad configuration or bad command line. What failed is one line
/// on standard error.
///
/// What a machine starts must not keep its guests waiting, so the usual way to start a host or a
/// device is short ([PlainWords]); everything else goes to [Vbus].
public final class Main {
  static final int BAD_INPUT = 2;
  private static final int FAILED = 1;

  private Main() {}

  /// Runs one command and exits with its status.
  public static void main(String[] args) {
    StackCommand plain = PlainWords.of(args);
    System.exit(plain == null ? Vbus.execute(args) : run(plain));
  }

  private static int run(StackCommand command) {
    // Linking takes about as long as composing the stack, and is needed only after that.
    Thread.ofPlatform().name("vbus-link").daemon(true).start(Linux::prepare);
    PrintWriter err = Terminal.writer(System.err);
    try {
      return command.run();
    } catch (Exception e) {
      try {
        return report(e, err);
      } catch (Exception ours) {
        ours.printStackTrace(err);
        return FAILED;
      }
    }
  }

  /// Says what failed.
  ///
  /// @return the exit status
  /// @throws Exception when it is a mistake of ours
  static int report(Exception e, PrintWriter err) throws Exception {
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
