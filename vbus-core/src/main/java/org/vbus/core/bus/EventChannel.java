package org.vbus.core.bus;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventProducer;
import org.vbus.shm.SouthEvents;

/// South's way to tell one guest something: signals of devices by the guest's policy, and changes
/// of the bus.
///
/// Device events always travel in the event ring of level 0, whatever the policy; signals do so
/// only under [SignalPolicy#RING]. A device event that finds the ring full is owed to the guest and
/// goes out when it returns descriptors, so that a guest that is slow never misses a device.
///
/// Signals of queues take no lock but the ring's: they come from loops, which have let go of a
/// device before its guest goes away. Everything else is called under this object's lock, or takes
/// it.
final class EventChannel {
  private static final Logger LOG = LoggerFactory.getLogger(EventChannel.class);

  private final String guest;
  private final GuestMemory memory;
  private final InterruptSink interrupts;
  private final SignalPolicy policy;
  private final int[] vectors = new int[EventGeometry.MAX_LEVELS];
  private final @Nullable Slot[] owedAdded;
  private final Repeats complaints = new Repeats();
  private final BitSet owedDropped = new BitSet();
  private volatile @Nullable Block block;
  private boolean closed;
  private long address;
  private int levels;
  private int ringCount;
  private int handles;
  private int levelSelect;

  /// A registered block and how many levels it has: one snapshot for signals that come while the
  /// guest registers another.
  private record Block(SouthEvents events, int levels) {
    boolean has(int level) {
      return level >= 0 && level < levels;
    }
  }

  EventChannel(
      String guest,
      GuestMemory memory,
      InterruptSink interrupts,
      SignalPolicy policy,
      int slotCount) {
    this.guest = guest;
    this.memory = memory;
    this.interrupts = interrupts;
    this.policy = policy;
    this.owedAdded = new @Nullable Slot[slotCount];
    Arrays.fill(vectors, DeviceRegisters.NO_SIGNAL);
  }

  SignalPolicy policy() {
    return policy;
  }

  boolean ready() {
    return block != null;
  }

  /// A write to one of the registers about events; true when the block was just registered.
  boolean write(int offset, int value) {
    switch (offset) {
      case BusRegisters.EVENTS_LOW -> address = Words.low(address, value);
      case BusRegisters.EVENTS_LOW + 4 -> address = Words.high(address, value);
      case BusRegisters.LEVELS -> levels = value;
      case BusRegisters.RING_COUNT -> ringCount = value;
      case BusRegisters.HANDLES -> handles = value;
      case BusRegisters.LEVEL_SEL -> levelSelect = value;
      case BusRegisters.LEVEL_VECTOR -> {
        if (levelSelect >= 0 && levelSelect < vectors.length) {
          vectors[levelSelect] = value;
        }
      }
      case BusRegisters.EVENTS_KICK -> flush(value);
      case BusRegisters.EVENTS_READY -> {
        forget();
        if (value != 0 && !closed) {
          register();
          return ready();
        }
      }
      default -> {}
    }
    return false;
  }

  private void register() {
    try {
      EventGeometry geometry = new EventGeometry(levels, ringCount, handles);
      MemoryRegion region = memory.find(address, geometry.footprint());
      if (region == null) {
        throw new IllegalArgumentException("the block is outside guest memory");
      }
      block =
          new Block(
              SouthEvents.open(region.segment(), region.offset(address), geometry),
              geometry.levels());
    } catch (IllegalArgumentException e) {
      if (complaints.worthALine()) {
        LOG.warn(
            "{}: event block at 0x{} refused: {}",
            guest,
            Long.toHexString(address),
            e.getMessage());
      }
    }
  }

  private void forget() {
    block = null;
    owedDropped.clear();
    Arrays.fill(owedAdded, null);
  }

  /// Nothing is written to guest memory any more, and no block is taken up.
  void close() {
    closed = true;
    forget();
  }

  /// Signals by policy; true when the guest was interrupted.
  boolean signal(int target, int level) {
    if (target == DeviceRegisters.NO_SIGNAL) {
      return false;
    }
    return switch (policy) {
      case DIRECT -> {
        interrupts.interrupt(target);
        yield true;
      }
      case RING -> {
        Block to = block;
        yield to != null
            && to.has(level)
            && to.events().raise(level, target) == Delivery.INTERRUPT
            && interrupt(level);
      }
      case POLLED -> false;
    };
  }

  /// Like [#signal(int, int)] from a thread that nobody waits for when the guest goes away.
  synchronized void configChanged(int target, int level) {
    if (!closed) {
      boolean _ = signal(target, level);
    }
  }

  private boolean interrupt(int level) {
    if (policy == SignalPolicy.POLLED || vectors[level] == DeviceRegisters.NO_SIGNAL) {
      return false;
    }
    interrupts.interrupt(vectors[level]);
    return true;
  }

  private void flush(int level) {
    Block to = block;
    if (to == null || !to.has(level)) {
      return;
    }
    if (to.events().flush(level) == Delivery.INTERRUPT) {
      interrupt(level);
    }
    if (level == 0) {
      tell(to);
    }
  }

  void deviceAdded(Slot slot) {
    Block to = block;
    if (to != null) {
      owedAdded[slot.index()] = slot;
      tell(to);
    }
  }

  void deviceDropped(Slot slot) {
    Block to = block;
    if (to == null) {
      return;
    }
    if (owedAdded[slot.index()] != null) {
      // The guest never heard of it.
      owedAdded[slot.index()] = null;
    } else {
      owedDropped.set(slot.index());
    }
    tell(to);
  }

  private void tell(Block to) {
    EventProducer ring = to.events().ring(0);
    if (!sendOwed(ring)) {
      ring.askForKick();
      // What the guest returned just before it could see that it should kick.
      boolean _ = sendOwed(ring);
    }
  }

  /// Sends the device events that are owed, as far as there is room; for one slot the end of a
  /// device before the start of the next.
  private boolean sendOwed(EventProducer ring) {
    for (int i = 0; i < owedAdded.length; i++) {
      if (owedDropped.get(i)) {
        if (!delivered(ring.offerDeviceDropped(i))) {
          return false;
        }
        owedDropped.clear(i);
      }
      Slot added = owedAdded[i];
      if (added != null) {
        if (!delivered(ring.offerDeviceAdded(i, added.device().spec().type()))) {
          return false;
        }
        owedAdded[i] = null;
      }
    }
    return true;
  }

  private boolean delivered(Delivery delivery) {
    switch (delivery) {
      case INTERRUPT -> interrupt(0);
      case REFUSED -> {
        if (complaints.worthALine()) {
          LOG.warn("{}: event ring broken; guest is not told of a device", guest);
        }
      }
      case QUIET, COALESCED, DEFERRED, FULL -> {}
    }
    return delivery != Delivery.FULL;
  }
}
