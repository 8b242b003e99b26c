package org.vbus.bench;

import java.util.concurrent.locks.LockSupport;

/// Sleeps short times; what is shorter than the kernel's timers resolve takes about 60
/// microseconds.
final class Nap {
  private Nap() {}

  static void nanos(long nanos) {
    LockSupport.parkNanos(nanos);
    if (Thread.currentThread().isInterrupted()) {
      throw new BenchFailure("interrupted");
    }
  }

  /// Until that time of [System#nanoTime()].
  static void until(long time) {
    for (long left; (left = time - System.nanoTime()) > 0; ) {
      nanos(left);
    }
  }
}
