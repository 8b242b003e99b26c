package org.vbus.connector.kvm.bridge;

import org.jspecify.annotations.Nullable;
import org.vbus.core.device.VirtioDevice;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventProducer;
import org.vbus.shm.ShmSignal;

/// A region of guest memory that was registered for a device: one of its queues, or what signals
/// configuration changes. As an event of the queue it is the SHMSIGNAL that it owes the guest.
final class Region implements EventQueue.Event {
  /// The queue of a region that is none.
  static final int NO_QUEUE = -1;

  private final VirtioDevice device;
  private final int queue;
  private final @Nullable ShmSignal signal;
  private final long cookie;

  // Both guarded by the event queue.
  private boolean signalOwed;
  private boolean closed;

  Region(VirtioDevice device, int queue, @Nullable ShmSignal signal, long cookie) {
    this.device = device;
    this.queue = queue;
    this.signal = signal;
    this.cookie = cookie;
  }

  /// The guest signals: a hint, like every kick.
  void kick() {
    device.kick(queue);
  }

  /// How the guest wants to hear of this region, null for not at all.
  @Nullable ShmSignal signal() {
    return signal;
  }

  /// What the guest calls it in events.
  long cookie() {
    return cookie;
  }

  /// Marks a signal as owed; false when one is already.
  boolean owe() {
    boolean first = !signalOwed;
    signalOwed = true;
    return first;
  }

  boolean closed() {
    return closed;
  }

  void close() {
    closed = true;
  }

  @Override
  public Delivery offer(EventProducer ring) {
    Delivery delivery = ring.offerSignal(cookie);
    if (delivery != Delivery.FULL) {
      signalOwed = false;
    }
    return delivery;
  }
}
