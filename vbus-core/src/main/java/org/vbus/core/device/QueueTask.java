package org.vbus.core.device;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.loop.Pollable;
import org.vbus.core.ring.VirtQueue;

/// One queue of one device as work of a poll loop. A device that throws loses this queue, nobody
/// else anything.
final class QueueTask implements Pollable {
  private static final Logger LOG = LoggerFactory.getLogger(QueueTask.class);

  private final DeviceModel model;
  private final VirtQueue queue;
  private final String name;
  private final boolean kicks;

  QueueTask(DeviceModel model, VirtQueue queue, String name, boolean kicks) {
    this.model = model;
    this.queue = queue;
    this.name = name;
    this.kicks = kicks;
  }

  @Override
  public int poll(int budget) {
    try {
      queue.signalIfDue();
      return model.poll(queue.index(), budget);
    } catch (RuntimeException | Error e) {
      failed(e);
      return 0;
    }
  }

  @Override
  public long idleNanos() {
    long signal = queue.coalescing().waitNanos();
    return model instanceof Paced paced ? Math.min(signal, paced.idleNanos(queue.index())) : signal;
  }

  @Override
  public void arm() {
    if (!kicks) {
      return;
    }
    try {
      queue.armKicks();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  @Override
  public void disarm() {
    if (queue.fault() != null) {
      return;
    }
    try {
      queue.suppressKicks();
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  /// The model threw, or the memory of the queue went away.
  private void failed(Throwable e) {
    boolean first = queue.fault() == null;
    if (queue.failed(e) && first) {
      LOG.error(
          "{}: device model failed; the queue is stopped until the driver resets it", name, e);
    }
  }
}
