package org.vbus.core.ring;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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
  ///
  /// @throws RuntimeException what a publication threw by our fault, after that queue was broken
  ///   and the others were published
  public void publish() {
    // A publication stages nothing new: signals never complete chains.
    @Nullable Throwable failure = null;
    for (int i = 0; i < count; i++) {
      try {
        staged[i].publish();
      } catch (RuntimeException | Error e) {
        // Memory that went away, or a signal that could not be sent, costs this queue only.
        if (staged[i].failed(e)) {
          failure = e;
        }
      }
    }
    count = 0;
    if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
  }
}
