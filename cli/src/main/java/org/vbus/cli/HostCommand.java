package org.vbus.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
  private static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "FILE", description = "the configuration (HOCON)")
  private Path file = Path.of("");

  @Option(
      names = "--status",
      paramLabel = "SECONDS",
      description =
          "print the status table this often; 0 = never. Default: 5 on a terminal, else 0")
  private int statusSeconds = -1;

  HostCommand() {}

  @Override
  public Integer call() throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Stack stack = StackFile.load(file);
    Thread hook =
        new Thread(
            () -> {
              stop.countDown();
              await(stopped);
            },
            "vbus-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try (stack) {
      stack.start();
      spec.commandLine()
          .getErr()
          .println("vbus: " + file + " is up; stop it with Ctrl-C or SIGTERM");
      int seconds = statusSeconds >= 0 ? statusSeconds : Terminal.isInteractive() ? 5 : 0;
      if (seconds == 0) {
        stop.await();
      } else {
        StatusTable table = new StatusTable(stack);
        while (!stop.await(seconds, TimeUnit.SECONDS)) {
          table.print(spec.commandLine().getOut());
        }
      }
    } finally {
      stopped.countDown();
    }
    return INTERRUPTED;
  }

  private static void await(CountDownLatch latch) {
    try {
      boolean _ = latch.await(Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
