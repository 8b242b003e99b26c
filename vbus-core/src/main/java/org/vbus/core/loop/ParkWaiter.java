package org.vbus.core.loop;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Sleeps by parking the thread; needs nothing from the operating system.
public final class ParkWaiter implements Waiter {
  private volatile @Nullable Thread sleeper;
  private volatile boolean woken;

  /// A waiter nobody sleeps on yet.
  public ParkWaiter() {}

  @Override
  public void block(long nanos) {
    sleeper = Thread.currentThread();
    if (!woken) {
      LockSupport.parkNanos(this, nanos);
    }
    woken = false;
  }

  @Override
  public void wake() {
    woken = true;
    Thread thread = sleeper;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }
}
