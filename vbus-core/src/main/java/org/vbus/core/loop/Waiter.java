package org.vbus.core.loop;

/// How a loop sleeps. One loop sleeps on a waiter; any thread may wake it.
public interface Waiter extends AutoCloseable {
  /// Sleeps until woken, `nanos` have passed, or something the waiter watches is ready. A wake that
  /// came before makes it return at once. May return early.
  void block(long nanos);

  /// Ends the current or next [#block(long)].
  void wake();

  /// Makes readiness of a file descriptor end [#block(long)] too.
  ///
  /// @throws UnsupportedOperationException when this waiter cannot watch file descriptors
  default void watch(int fd) {
    throw new UnsupportedOperationException(
        "this poll loop cannot watch file descriptors; use a Linux waiter");
  }

  /// Makes each signal of an eventfd end [#block(long)]: `arrived` then runs, on the thread that
  /// blocked. The descriptor need not be drained; signals that come while nobody blocks end the
  /// next block.
  ///
  /// @throws UnsupportedOperationException when this waiter cannot watch file descriptors
  default void watch(int fd, Runnable arrived) {
    watch(fd);
  }

  /// Stops watching; harmless when not watched.
  default void unwatch(int fd) {}

  @Override
  default void close() {}
}
