package org.vbus.connector.kvm.bridge;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventLayout;
import org.vbus.shm.EventProducer;
import org.vbus.shm.Ioq;
import org.vbus.shm.IoqLayout;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;

/// South's end of the bridge's one event queue (section 6), with the events that are owed to the
/// guest because the queue had no room, or was not registered yet.
///
/// What is owed is bounded: one signal and one SHMCLOSE for each region, whose handle is not used
/// again before; one DEVADD or DEVDROP for each device. It goes out in order when the guest returns
/// descriptors, for which it is asked to kick.
///
/// Any thread; the lock is this object and never held while somebody waits for a loop, because
/// loops take it. The interrupt is sent without it.
final class EventQueue {
  private static final Logger LOG = LoggerFactory.getLogger(EventQueue.class);

  private final String guest;
  private final Runnable interrupt;
  private final Deque<Event> owed = new ArrayDeque<>();
  private final Repeats complaints = new Repeats();
  private @Nullable EventProducer ring;

  /// Something to tell the guest.
  interface Event {
    /// Writes it to the ring; FULL to be asked again later. Under the queue's lock.
    Delivery offer(EventProducer ring);
  }

  EventQueue(String guest, Runnable interrupt) {
    this.guest = guest;
    this.interrupt = interrupt;
  }

  /// Takes up a ring of `count` descriptors at `ringAt` with its events at `dataAt`, and sends what
  /// is owed.
  void register(GuestMemory memory, long ringAt, long dataAt, int count) throws Refusal {
    EventProducer opened = open(memory, ringAt, dataAt, count);
    boolean due;
    synchronized (this) {
      ring = opened;
      due = sendOwed();
    }
    interruptIf(due);
  }

  private static EventProducer open(GuestMemory memory, long ringAt, long dataAt, int count)
      throws Refusal {
    if (count < 1 || count > IoqLayout.MAX_COUNT) {
      throw new Refusal(
          BridgeAbi.EINVAL, "event queue of " + Integer.toUnsignedString(count) + " descriptors");
    }
    MemoryRegion head = Argument.find(memory, ringAt, IoqLayout.footprint(count));
    MemoryRegion data = Argument.find(memory, dataAt, EventLayout.SIZE * count);
    try {
      Ioq ioq = Ioq.open(head.segment(), head.offset(ringAt), count, Locality.SOUTH);
      for (int i = 0; i < count; i++) {
        if (ioq.ptr(i) != dataAt + EventLayout.SIZE * i
            || ioq.len(i) != EventLayout.SIZE
            || !ioq.valid(i)) {
          throw new Refusal(
              BridgeAbi.EINVAL, "descriptor " + i + " of the event queue is not for event " + i);
        }
      }
      return EventProducer.open(
          head.segment(), head.offset(ringAt), data.segment(), data.offset(dataAt), count);
    } catch (IllegalArgumentException e) {
      throw new Refusal(BridgeAbi.EINVAL, "event queue: " + e.getMessage());
    }
  }

  synchronized boolean registered() {
    return ring != null;
  }

  /// Nothing is written for the guest any more, and nothing is owed to it.
  synchronized void forget() {
    ring = null;
    owed.clear();
  }

  /// The guest returned descriptors.
  void kicked() {
    boolean due;
    synchronized (this) {
      due = sendOwed();
    }
    interruptIf(due);
  }

  /// Tells the guest of something other than a signal.
  void tell(Event event) {
    boolean due;
    synchronized (this) {
      owed.add(event);
      due = sendOwed();
    }
    interruptIf(due);
  }

  /// Takes back what the guest was not told yet; false when it was.
  synchronized boolean withdraw(Event event) {
    return owed.remove(event);
  }

  /// Tells the guest that the memory of a region changed, if it wants to know. On the loop that
  /// owns the region's queue, which the region outlives.
  ///
  /// @return whether the guest was interrupted for it
  boolean signal(Region region) {
    ShmSignal signal = region.signal();
    if (signal == null || !signal.inject()) {
      return false;
    }
    boolean due;
    synchronized (this) {
      due = send(region);
    }
    return interruptIf(due);
  }

  /// Like [#signal(Region)] from a thread that nobody waits for when the region is closed.
  void signalUnlessClosed(Region region) {
    boolean due;
    synchronized (this) {
      ShmSignal signal = region.signal();
      due = signal != null && !region.closed() && signal.inject() && send(region);
    }
    interruptIf(due);
  }

  /// Nothing is written to a region's signal any more, nor is one owed.
  synchronized void close(Region region) {
    region.close();
    owed.remove(region);
  }

  private boolean send(Region region) {
    EventProducer to = ring;
    if (to != null && owed.isEmpty()) {
      Delivery delivery = to.offerSignal(region.cookie());
      if (delivery != Delivery.FULL) {
        return due(delivery);
      }
    }
    if (region.owe()) {
      owed.add(region);
    }
    return sendOwed();
  }

  /// Sends what is owed as far as there is room; whether the guest is to be interrupted.
  private boolean sendOwed() {
    EventProducer to = ring;
    if (to == null) {
      return false;
    }
    boolean due = sendOwed(to);
    if (!owed.isEmpty()) {
      to.askForKick();
      // What the guest returned just before it could see that it should kick.
      due |= sendOwed(to);
    }
    return due;
  }

  private boolean sendOwed(EventProducer to) {
    boolean due = false;
    while (!owed.isEmpty()) {
      Delivery delivery = owed.element().offer(to);
      if (delivery == Delivery.FULL) {
        break;
      }
      owed.remove();
      due |= due(delivery);
    }
    return due;
  }

  private boolean due(Delivery delivery) {
    if (delivery == Delivery.REFUSED && complaints.worthALine()) {
      LOG.warn("{}: event queue broken; guest is not told of an event", guest);
    }
    return delivery == Delivery.INTERRUPT;
  }

  private boolean interruptIf(boolean due) {
    if (due) {
      interrupt.run();
    }
    return due;
  }
}
