package org.vbus.core.ring;

import java.util.Arrays;

/// The queues that completed something since the last publication: one release of `used.idx` and at
/// most one signal per queue and burst.
///
/// Owned by one thread, the poll loop whose queues it collects.
public final class Burst {
  private VirtQueue[] staged = new VirtQueue[16];
  private int count;

  /// An empty burst.
  public Burst() {}

  void add(VirtQueue queue) {
    if (count == staged.length) {
      staged = Arrays.copyOf(staged, count * 2);
    }
    staged[count++] = queue;
  }

  /// Publishes every queue with staged completions, in the order in which they staged their first
  /// one.
  public void publish() {
    // A publication may stage nothing new: signals never complete chains.
    for (int i = 0; i < count; i++) {
      staged[i].publish();
    }
    count = 0;
  }
}
