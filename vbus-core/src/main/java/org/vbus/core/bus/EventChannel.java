package org.vbus.core.bus;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.SouthEvents;

/// South's way to tell one guest something: signals of devices by the guest's policy, and changes
/// of the bus.
///
/// Device events always travel in the event ring of level 0, whatever the policy; signals do so
/// only under [SignalPolicy#RING]. Registration happens under the endpoint's lock; signals take no
/// lock but the ring's.
final class EventChannel {
  private static final Logger LOG = LoggerFactory.getLogger(EventChannel.class);

  private final String guest;
  private final GuestMemory memory;
  private final InterruptSink interrupts;
  private final SignalPolicy policy;
  private final int[] vectors = new int[EventGeometry.MAX_LEVELS];
  private volatile @Nullable SouthEvents events;
  private int registeredLevels;
  private long address;
  private int levels;
  private int ringCount;
  private int handles;
  private int levelSelect;

  EventChannel(String guest, GuestMemory memory, InterruptSink interrupts, SignalPolicy policy) {
    this.guest = guest;
    this.memory = memory;
    this.interrupts = interrupts;
    this.policy = policy;
    Arrays.fill(vectors, DeviceRegisters.NO_SIGNAL);
  }

  SignalPolicy policy() {
    return policy;
  }

  boolean ready() {
    return events != null;
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
        events = null;
        if (value != 0) {
          register();
          return events != null;
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
      SouthEvents opened = SouthEvents.open(region.segment(), region.offset(address), geometry);
      registeredLevels = levels;
      events = opened;
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "{}: event block at 0x{} refused: {}", guest, Long.toHexString(address), e.getMessage());
    }
  }

  void unregister() {
    events = null;
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
        SouthEvents to = events;
        yield to != null
            && level >= 0
            && level < registeredLevels
            && to.raise(level, target) == Delivery.INTERRUPT
            && interrupt(level);
      }
      case POLLED -> false;
    };
  }

  private boolean interrupt(int level) {
    if (policy == SignalPolicy.POLLED || vectors[level] == DeviceRegisters.NO_SIGNAL) {
      return false;
    }
    interrupts.interrupt(vectors[level]);
    return true;
  }

  private void flush(int level) {
    SouthEvents to = events;
    if (to != null
        && level >= 0
        && level < registeredLevels
        && to.flush(level) == Delivery.INTERRUPT) {
      interrupt(level);
    }
  }

  void deviceAdded(Slot slot) {
    SouthEvents to = events;
    if (to != null) {
      delivered(
          slot, to.ring(0).offerDeviceAdded(slot.index(), slot.device().spec().type()), "added");
    }
  }

  void deviceDropped(Slot slot) {
    SouthEvents to = events;
    if (to != null) {
      delivered(slot, to.ring(0).offerDeviceDropped(slot.index()), "dropped");
    }
  }

  private void delivered(Slot slot, Delivery delivery, String what) {
    switch (delivery) {
      case INTERRUPT -> interrupt(0);
      case QUIET, COALESCED, DEFERRED -> {}
      case FULL, REFUSED ->
          LOG.warn(
              "{}: event ring {}; guest is not told that {} was {}",
              guest,
              delivery == Delivery.FULL ? "full" : "broken",
              slot.name(),
              what);
    }
  }
}
