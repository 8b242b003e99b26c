package org.vbus.core.bus;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.GuestMemory;

/// A bus as one guest sees it: what a host connector forwards the guest's accesses to.
///
/// Accesses may come from any thread and are serialised per window; kicks and signals take no lock.
/// Nothing a guest writes makes a method throw. Reads of what does not exist give 0, so that an
/// absent device shows as device id 0.
public final class BusEndpoint implements BusListener, AutoCloseable {
  private final Bus bus;
  private final GuestMemory memory;
  private final LoopMap loops;
  private final EventChannel channel;
  private final AtomicReferenceArray<@Nullable DeviceWindow> windows;

  /// Attaches the devices of `bus`, present and future, to a guest.
  ///
  /// @throws IllegalStateException when they are attached to another one
  public BusEndpoint(
      Bus bus, GuestMemory memory, InterruptSink interrupts, SignalPolicy policy, LoopMap loops) {
    this.bus = bus;
    this.memory = memory;
    this.loops = loops;
    this.channel = new EventChannel(bus.name(), memory, interrupts, policy, bus.slotCount());
    this.windows = new AtomicReferenceArray<>(bus.slotCount());
    try {
      bus.listen(this);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public void plugged(Slot slot) {
    DeviceWindow window = new DeviceWindow(slot, channel);
    window.attach(memory, loops);
    windows.set(slot.index(), window);
    synchronized (channel) {
      channel.deviceAdded(slot);
    }
  }

  @Override
  public void unplugging(Slot slot) {
    DeviceWindow window = windows.getAndSet(slot.index(), null);
    if (window == null) {
      return;
    }
    detach(window);
    synchronized (channel) {
      channel.deviceDropped(slot);
    }
  }

  private @Nullable DeviceWindow window(int window) {
    int slot = window - 1;
    return slot >= 0 && slot < windows.length() ? windows.get(slot) : null;
  }

  /// The guest reads `size` bytes of a register.
  public long read(int window, int offset, int size) {
    if (window == 0) {
      return size == 4 ? readBus(offset) & 0xffffffffL : 0;
    }
    DeviceWindow device = window(window);
    if (device == null || !isAccess(offset, size)) {
      return 0;
    }
    synchronized (device) {
      return device.read(offset, size);
    }
  }

  /// Registers are read and written in naturally sized pieces, whatever a guest asks for.
  private static boolean isAccess(int offset, int size) {
    return offset >= 0 && (size == 1 || size == 2 || size == 4 || size == 8);
  }

  private int readBus(int offset) {
    return switch (offset) {
      case BusRegisters.MAGIC -> BusRegisters.MAGIC_VALUE;
      case BusRegisters.VERSION -> BusRegisters.VERSION_1;
      case BusRegisters.POLICY -> channel.policy().code();
      case BusRegisters.SLOT_COUNT -> bus.slotCount();
      case BusRegisters.EVENTS_READY -> channel.ready() ? 1 : 0;
      default -> 0;
    };
  }

  /// The guest writes `size` bytes of a register; when this returns the host has acted on it.
  public void write(int window, int offset, int size, long value) {
    if (window == 0) {
      if (size == 4) {
        writeBus(offset, (int) value);
      }
      return;
    }
    DeviceWindow device = window(window);
    if (device != null && isAccess(offset, size)) {
      synchronized (device) {
        device.write(offset, size, value);
      }
    }
  }

  private void writeBus(int offset, int value) {
    synchronized (channel) {
      if (channel.write(offset, value)) {
        for (int i = 0; i < windows.length(); i++) {
          DeviceWindow window = windows.get(i);
          if (window != null) {
            channel.deviceAdded(window.slot());
          }
        }
      }
    }
  }

  /// The guest kicked `queue` of the device in `slot`.
  public void kick(int slot, int queue) {
    DeviceWindow device = window(slot + 1);
    if (device != null) {
      device.slot().device().kick(queue);
    }
  }

  /// Detaches all devices; when it returns nothing touches the guest's memory any more.
  @Override
  public void close() {
    bus.unlisten(this);
    for (int i = 0; i < windows.length(); i++) {
      DeviceWindow window = windows.getAndSet(i, null);
      if (window != null) {
        detach(window);
      }
    }
    synchronized (channel) {
      channel.close();
    }
  }

  /// Waits for an access under way; one that comes later finds nothing.
  private static void detach(DeviceWindow window) {
    synchronized (window) {
      window.detach();
    }
  }
}
