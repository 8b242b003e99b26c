package org.vbus.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vbus.linux.ServiceManager;
import org.vbus.stack.Stack;

/// Keeps one stack up until the process is told to end, and has everything stopped by then; tells a
/// service manager about it.
final class Running {
  private static final int INTERRUPTED = 130;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean told;

  /// What is done while the stack is up.
  interface Watch {
    /// Returns when `stop` is counted down.
    void until(CountDownLatch stop) throws InterruptedException;
  }

  Running() {}

  /// There is nothing left to do; any thread.
  void end() {
    stop.countDown();
  }

  /// Runs the stack until SIGINT, SIGTERM or [#end()].
  ///
  /// @param up called when all is started
  /// @return the exit status: 0 after `end`, 130 after SIGINT, which the JVM replaces after SIGTERM
  ///   by 143
  int run(Stack stack, Runnable up, Watch watch) throws IOException, InterruptedException {
    Thread hook =
        new Thread(
            () -> {
              told = true;
              stop.countDown();
              awaitStopped();
            },
            "vbus-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try (stack) {
      stack.start();
      up.run();
      ServiceManager.tell("READY=1");
      watch.until(stop);
      ServiceManager.tell("STOPPING=1");
    } finally {
      stopped.countDown();
    }
    return told ? INTERRUPTED : 0;
  }

  private void awaitStopped() {
    try {
      boolean _ = stopped.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
