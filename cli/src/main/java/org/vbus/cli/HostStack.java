package org.vbus.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;

/// The stack that a configuration describes, with a status table from time to time.
final class HostStack implements StackCommand {
  /// Status: every few seconds for who watches, else not.
  static final int BY_TERMINAL = -1;

  private static final int OFTEN = 5;

  private final Path file;
  private final int statusSeconds;
  private final PrintWriter out;
  private final PrintWriter err;
  private final Running running = new Running();

  /// @param statusSeconds between two tables, 0 for none, or [#BY_TERMINAL]
  HostStack(Path file, int statusSeconds, PrintWriter out, PrintWriter err) {
    this.file = file;
    this.statusSeconds = statusSeconds;
    this.out = out;
    this.err = err;
  }

  @Override
  public int run() throws Exception {
    Stack stack = StackFile.load(file);
    return running.run(stack, this::up, stop -> showStatus(stack, stop));
  }

  @Override
  public void end() {
    running.end();
  }

  private void up() {
    err.println("vbus: " + file + " is up; stop it with Ctrl-C or SIGTERM");
  }

  private void showStatus(Stack stack, CountDownLatch stop) throws InterruptedException {
    int seconds =
        statusSeconds != BY_TERMINAL ? statusSeconds : Terminal.isInteractive() ? OFTEN : 0;
    if (seconds <= 0) {
      stop.await();
      return;
    }
    StatusTable table = new StatusTable(stack);
    while (!stop.await(seconds, TimeUnit.SECONDS)) {
      table.print(out);
    }
  }
}
