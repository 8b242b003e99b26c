package org.vbus.venet;

import org.jspecify.annotations.Nullable;
import org.vbus.core.ring.Coalescing;
import org.vbus.core.ring.VirtQueue;

/// What a driver has set by commands. It survives a restart of queues, and is forgotten with a
/// reset.
///
/// Written by the loop of the control queue, or by control threads while no queue is polled.
final class DriverSettings {
  // [MO-NET-1] VOLATILE rules. Writer: the control queue's loop. Reader: every loop that delivers.
  // Orders: the fields of the record before the reference; with MO-NET-2, the last use of the old
  // rules before the command is used.
  private volatile ReceiveRules rules = ReceiveRules.NONE;

  private volatile boolean fresh = true;

  /// Limits by direction, null before the first command.
  private @Nullable Limits receive;

  private @Nullable Limits transmit;

  /// Coalescing parameters, unsigned.
  private record Limits(int packets, int micros) {
    void applyTo(Coalescing coalescing) {
      coalescing.limits(packets, micros);
    }
  }

  ReceiveRules rules() {
    return rules;
  }

  void rules(ReceiveRules value) {
    rules = value;
    fresh = false;
  }

  /// Whether no rules were set since the last reset.
  boolean fresh() {
    return fresh;
  }

  /// Sets the limits of all queues of one direction, now and to come.
  void coalescing(boolean tx, int packets, int micros) {
    if (tx) {
      transmit = new Limits(packets, micros);
    } else {
      receive = new Limits(packets, micros);
    }
  }

  /// Gives a queue that was just set up the limits of its direction.
  void applyTo(VirtQueue queue, boolean tx) {
    Limits limits = tx ? transmit : receive;
    if (limits != null) {
      limits.applyTo(queue.coalescing());
    }
  }

  void reset() {
    rules = ReceiveRules.NONE;
    fresh = true;
    receive = null;
    transmit = null;
  }
}
