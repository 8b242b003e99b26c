package org.vbus.proxy.guest;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.ledger.Event;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.NorthEvents;

/// The guest's mirror of the host's bus: finds devices, binds drivers to them, and turns signals
/// into calls of their handlers, by interrupt vectors or through the event rings.
///
/// Used on the guest's processor.
public final class GuestBus implements EventHandler {
  /// Priority levels the guest registers; 0 is the highest.
  public static final int LEVELS = 2;

  private static final Logger LOG = LoggerFactory.getLogger(GuestBus.class);

  // Those below are exceptions; of the last two one is the guest's own, one for spurious
  // interrupts.
  private static final int FIRST_DEVICE_VECTOR = 32;
  private static final int FIRST_LEVEL_VECTOR = GuestCpu.VECTORS - 2 - LEVELS;

  private final Guest guest;
  private final SignalPolicy policy;
  private final int slotCount;
  private final EventGeometry geometry;
  private final long block;
  private final NorthEvents events;
  private final EventPoll eventPoll = new EventPoll();
  private final BitSet vectorsInUse = new BitSet();
  private final @Nullable Runnable[] handlers;
  private final Map<Integer, DriverFactory> factories = new HashMap<>();
  private final Map<Integer, Driver> drivers = new TreeMap<>();

  GuestBus(Guest guest) {
    this.guest = guest;
    int magic = read(0, BusRegisters.MAGIC);
    if (magic != BusRegisters.MAGIC_VALUE) {
      throw new IllegalStateException("no vbus behind this connector: magic 0x%x".formatted(magic));
    }
    this.policy = SignalPolicy.of(read(0, BusRegisters.POLICY));
    this.slotCount = read(0, BusRegisters.SLOT_COUNT);
    int handles = policy == SignalPolicy.RING ? Math.min(slotCount * 4, 1 << 14) : 1;
    this.geometry = new EventGeometry(LEVELS, handles + 2 * slotCount, handles);
    this.handlers = new @Nullable Runnable[handles];
    this.block = guest.heap().allocate(geometry.footprint(), 4096);
    this.events =
        NorthEvents.format(
            guest.heap().memory(),
            block,
            geometry,
            guest.heap().gpa(block),
            this,
            level -> write(0, BusRegisters.EVENTS_KICK, level));
  }

  /// How this guest's signals arrive.
  public SignalPolicy policy() {
    return policy;
  }

  /// Names the driver for devices with a virtio device id. Before [#start()].
  public void driver(int deviceId, DriverFactory factory) {
    factories.put(deviceId, factory);
  }

  /// Drivers bound now, by slot.
  public List<Driver> drivers() {
    return List.copyOf(drivers.values());
  }

  /// Registers the event rings; the host answers with an event per device, and drivers are bound as
  /// these are polled.
  public void start() {
    for (int level = 0; level < LEVELS; level++) {
      guest.cpu().handler(FIRST_LEVEL_VECTOR + level, this::eventInterrupt);
      write(0, BusRegisters.LEVEL_SEL, level);
      write(0, BusRegisters.LEVEL_VECTOR, FIRST_LEVEL_VECTOR + level);
    }
    write64(0, BusRegisters.EVENTS_LOW, guest.heap().gpa(block));
    write(0, BusRegisters.LEVELS, LEVELS);
    write(0, BusRegisters.RING_COUNT, geometry.slots());
    write(0, BusRegisters.HANDLES, geometry.handles());
    write(0, BusRegisters.EVENTS_READY, 1);
    if (read(0, BusRegisters.EVENTS_READY) != 1) {
      throw new IllegalStateException("the host refused the event rings");
    }
    guest.schedule(eventPoll);
  }

  /// Removes all drivers and gives the rings back.
  public void stop() {
    for (int slot : List.copyOf(drivers.keySet())) {
      remove(slot);
    }
    write(0, BusRegisters.EVENTS_READY, 0);
    guest.unschedule(eventPoll);
    for (int level = 0; level < LEVELS; level++) {
      guest.cpu().handler(FIRST_LEVEL_VECTOR + level, null);
    }
    guest.heap().release(block, geometry.footprint());
  }

  private void eventInterrupt() {
    events.mask();
    guest.schedule(eventPoll);
  }

  /// Drains the event rings, higher levels first.
  ///
  /// As long as drivers are being polled the rings are looked at in between, so interrupts for them
  /// stay off: only a guest that has nothing left to do asks for one.
  private final class EventPoll extends Napi {
    @Override
    protected int poll(int budget) {
      return events.poll(budget);
    }

    @Override
    protected boolean complete() {
      return guest.busy() || events.unmask();
    }
  }

  @Override
  public void signal(long handle) {
    Runnable handler = handlers[(int) handle];
    if (handler != null) {
      handler.run();
    }
  }

  @Override
  public void deviceAdded(long id, String type) {
    int slot = (int) id;
    if (slot < 0 || slot >= slotCount || drivers.containsKey(slot)) {
      return;
    }
    VbusTransport transport = new VbusTransport(guest, this, slot, type);
    DriverFactory factory = factories.get(transport.deviceId());
    if (factory == null) {
      return;
    }
    try {
      drivers.put(slot, factory.bind(guest, transport));
    } catch (DriverException e) {
      LOG.warn("guest: {} in slot {} not driven: {}", type, slot, e.getMessage());
      transport.status(transport.status() | DeviceStatus.FAILED);
      transport.release();
    }
  }

  @Override
  public void deviceDropped(long handle) {
    remove((int) handle);
  }

  private void remove(int slot) {
    Driver driver = drivers.remove(slot);
    if (driver != null) {
      driver.remove();
    }
  }

  @Override
  public void signalClosed(long handle) {}

  /// Attributes of the device in `slot`, as the host shows them.
  public Map<String, String> attributes(int slot) {
    byte[] text = new byte[read(slot + 1, DeviceRegisters.ATTRIBUTES_LENGTH)];
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) readAny(slot + 1, DeviceRegisters.ATTRIBUTES + i, 1);
    }
    Map<String, String> attributes = new TreeMap<>();
    for (String line : new String(text, StandardCharsets.UTF_8).split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        attributes.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return attributes;
  }

  /// Gives `handler` a way to be called: a vector or a handle, as the policy needs; -1 when signals
  /// are not used.
  int claim(Runnable handler) {
    return switch (policy) {
      case DIRECT -> {
        int vector = vectorsInUse.nextClearBit(FIRST_DEVICE_VECTOR);
        if (vector >= FIRST_LEVEL_VECTOR) {
          throw new DriverException("no interrupt vector is free");
        }
        vectorsInUse.set(vector);
        guest.cpu().handler(vector, handler);
        yield vector;
      }
      case RING -> {
        for (int handle = 0; handle < handlers.length; handle++) {
          if (handlers[handle] == null) {
            handlers[handle] = handler;
            boolean _ = events.signals().signal(handle).enable();
            yield handle;
          }
        }
        throw new DriverException("no signal handle is free");
      }
      case POLLED -> DeviceRegisters.NO_SIGNAL;
    };
  }

  /// Takes back what [#claim(Runnable)] gave.
  void release(int signal) {
    switch (policy) {
      case DIRECT -> {
        guest.cpu().handler(signal, null);
        vectorsInUse.clear(signal);
      }
      case RING -> {
        events.signals().signal(signal).disable();
        handlers[signal] = null;
      }
      case POLLED -> {}
    }
  }

  int read(int window, int offset) {
    return (int) readAny(window, offset, 4);
  }

  long readAny(int window, int offset, int size) {
    guest.ledger().add(Event.REGISTER_ACCESSES, 1);
    return guest.connector().read(window, offset, size);
  }

  void write(int window, int offset, int value) {
    guest.ledger().add(Event.REGISTER_ACCESSES, 1);
    guest.connector().write(window, offset, 4, value & 0xffffffffL);
  }

  void write64(int window, int offset, long value) {
    write(window, offset, (int) value);
    write(window, offset + 4, (int) (value >>> 32));
  }
}
