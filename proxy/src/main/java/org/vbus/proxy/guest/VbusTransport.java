package org.vbus.proxy.guest;

import static org.vbus.core.bus.DeviceRegisters.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.VirtioTransport;

/// virtio-vbus: virtio over the register window of a slot. The registers are those of virtio-mmio
/// (4.2), plus the bus's own for signals.
public final class VbusTransport implements VirtioTransport {
  private static final int RESET_TRIES = 1000;

  private final Guest guest;
  private final GuestBus bus;
  private final int slot;
  private final int window;
  private final String type;
  private final List<Integer> claimed = new ArrayList<>();

  /// Signal by queue.
  private final Map<Integer, Integer> signals = new HashMap<>();

  VbusTransport(Guest guest, GuestBus bus, int slot, String type) {
    this.guest = guest;
    this.bus = bus;
    this.slot = slot;
    this.window = slot + 1;
    this.type = type;
  }

  @Override
  public int deviceId() {
    if (bus.read(window, MAGIC_VALUE) != MAGIC || bus.read(window, VERSION) != VERSION_2) {
      return 0;
    }
    return bus.read(window, DEVICE_ID);
  }

  @Override
  public String name() {
    return type + " in slot " + slot;
  }

  /// Number of the slot.
  public int slot() {
    return slot;
  }

  @Override
  public long deviceFeatures() {
    bus.write(window, DEVICE_FEATURES_SEL, 0);
    long low = bus.read(window, DEVICE_FEATURES) & 0xffffffffL;
    bus.write(window, DEVICE_FEATURES_SEL, 1);
    return low | (long) bus.read(window, DEVICE_FEATURES) << 32;
  }

  @Override
  public void driverFeatures(long features) {
    bus.write(window, DRIVER_FEATURES_SEL, 0);
    bus.write(window, DRIVER_FEATURES, (int) features);
    bus.write(window, DRIVER_FEATURES_SEL, 1);
    bus.write(window, DRIVER_FEATURES, (int) (features >>> 32));
  }

  @Override
  public int status() {
    return bus.read(window, STATUS);
  }

  @Override
  public void status(int value) {
    bus.write(window, STATUS, value);
  }

  @Override
  public long config(int offset, int size) {
    if (size == 8) {
      // Two accesses, as over any bus of 32 bits (4.2.2.2); the generation tells whether they
      // agree.
      return config(offset, 4) | config(offset + 4, 4) << 32;
    }
    return bus.readAny(window, CONFIG + offset, size);
  }

  @Override
  public int configGeneration() {
    return bus.read(window, CONFIG_GENERATION);
  }

  @Override
  public int maxQueueSize(int queue) {
    bus.write(window, QUEUE_SEL, queue);
    return bus.read(window, QUEUE_SIZE_MAX);
  }

  @Override
  public void enableQueue(int queue, VirtQueue.Addresses at, int level, Runnable handler) {
    int signal = claim(handler);
    signals.put(queue, signal);
    bus.write(window, QUEUE_SEL, queue);
    bus.write(window, QUEUE_SIGNAL, signal);
    bus.write(window, QUEUE_LEVEL, level);
    bus.write(window, QUEUE_SIZE, at.size());
    bus.write64(window, QUEUE_DESC_LOW, at.desc());
    bus.write64(window, QUEUE_DRIVER_LOW, at.avail());
    bus.write64(window, QUEUE_DEVICE_LOW, at.used());
    bus.write(window, QUEUE_READY, 1);
  }

  @Override
  public void resetQueue(int queue) {
    bus.write(window, QUEUE_SEL, queue);
    bus.write(window, QUEUE_RESET, 1);
    for (int tries = 0; bus.read(window, QUEUE_RESET) != 0; tries++) {
      if (tries == RESET_TRIES) {
        throw new DriverException(name() + " does not finish the reset of queue " + queue);
      }
      Thread.onSpinWait();
    }
    Integer signal = signals.remove(queue);
    if (signal != null && claimed.removeIf(signal::equals)) {
      bus.release(signal);
    }
  }

  private int claim(Runnable handler) {
    int signal = bus.claim(handler);
    if (signal != NO_SIGNAL) {
      claimed.add(signal);
    }
    return signal;
  }

  @Override
  public void onConfigChange(Runnable handler) {
    int signal = claim(handler);
    bus.write(window, CONFIG_SIGNAL, signal);
    bus.write(window, CONFIG_LEVEL, 0);
  }

  @Override
  public void kick(int queue) {
    guest.connector().kick(slot, queue);
  }

  @Override
  public void release() {
    claimed.forEach(bus::release);
    claimed.clear();
    signals.clear();
  }
}
