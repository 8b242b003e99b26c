package org.vbus.bench;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The thread that is a guest's processor for the length of one [Session], watched: a guest that
/// waits for an interrupt that never comes ends the benchmark with a message, not never.
final class GuestThread {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LAST_CHANCE = Duration.ofSeconds(3);
  private static final Duration LOOK = Duration.ofMillis(250);

  private volatile @Nullable Session session;
  private final String name;
  private final FutureTask<@Nullable Void> task;
  private final Thread thread;

  private GuestThread(Setup setup, Consumer<Session> body) {
    name = setup.name();
    task =
        new FutureTask<>(
            () -> {
              try (Session open = new Session(setup)) {
                session = open;
                body.accept(open);
              }
            },
            null);
    thread = Thread.ofPlatform().name("bench-guest").daemon(true).unstarted(task);
  }

  /// Opens a session on a thread of its own, runs `body` there and closes it; both are gone when
  /// this returns.
  ///
  /// @throws BenchFailure when that fails or stalls
  static void run(Setup setup, Consumer<Session> body) {
    new GuestThread(setup, body).watch();
  }

  private void watch() {
    thread.start();
    long seen = -1;
    long since = System.nanoTime();
    while (!finished(LOOK)) {
      Session open = session;
      long progress = open == null ? -1 : open.progress();
      if (progress != seen) {
        seen = progress;
        since = System.nanoTime();
      } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
        stop();
        throw new BenchFailure(
            "%s: stalled; %d requests were completed, then none for %d s"
                .formatted(name, Math.max(seen, 0), PATIENCE.toSeconds()));
      }
    }
  }

  private void stop() {
    Session open = session;
    if (open != null) {
      open.cancel();
    }
    thread.interrupt();
    try {
      boolean _ = finished(LAST_CHANCE);
    } catch (BenchFailure _) {
      // The one that cancelling caused.
    }
  }

  private boolean finished(Duration wait) {
    try {
      try {
        task.get(wait.toNanos(), TimeUnit.NANOSECONDS);
      } finally {
        if (task.isDone()) {
          // The result is there a moment before the thread is gone.
          thread.join();
        }
      }
      return true;
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      String what = cause instanceof BenchFailure ? cause.getMessage() : String.valueOf(cause);
      throw new BenchFailure(name + ": " + what, cause);
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      throw new BenchFailure(name + ": interrupted", e);
    }
  }
}
