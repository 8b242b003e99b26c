package org.vbus.core.bus;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.Attribute;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.VirtioDevice;

/// The devices of one guest: slots with addresses, discovery, hot-plug, attributes.
///
/// Devices may be plugged and unplugged while I/O runs. Changes are serialised; look-ups take no
/// lock.
public final class Bus {
  private final String name;
  private final long ringFeatures;
  private final AtomicReferenceArray<@Nullable Slot> slots;
  private final List<BusListener> listeners = new CopyOnWriteArrayList<>();
  private int coalesceCompletions;
  private int coalesceMicros;

  /// An empty bus that offers all ring features with its devices.
  public Bus(String name, int slotCount) {
    this(name, slotCount, VirtioDevice.RING_FEATURES);
  }

  /// An empty bus.
  ///
  /// @param ringFeatures ring features its devices offer, of [VirtioDevice#RING_FEATURES]
  public Bus(String name, int slotCount, long ringFeatures) {
    if (slotCount < 1) {
      throw new IllegalArgumentException("bus " + name + " needs at least one slot");
    }
    this.name = name;
    this.ringFeatures = ringFeatures;
    this.slots = new AtomicReferenceArray<>(slotCount);
  }

  /// Moderates the notifications of devices plugged from now on; see
  /// [org.vbus.core.ring.Coalescing#limits].
  public synchronized void coalesce(int completions, int micros) {
    coalesceCompletions = completions;
    coalesceMicros = micros;
  }

  /// Name of the bus.
  public String name() {
    return name;
  }

  /// Number of slots, used or not.
  public int slotCount() {
    return slots.length();
  }

  /// What is in slot `index`, or null.
  public @Nullable Slot slot(int index) {
    return index >= 0 && index < slots.length() ? slots.get(index) : null;
  }

  /// The slot of the device called `device`, or null.
  public @Nullable Slot find(String device) {
    for (Slot slot : devices()) {
      if (slot.name().equals(device)) {
        return slot;
      }
    }
    return null;
  }

  /// The devices in order of their slots.
  public List<Slot> devices() {
    return IntStream.range(0, slots.length())
        .mapToObj(slots::get)
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull)
        .toList();
  }

  /// Plugs a device into the first free slot.
  ///
  /// @throws IllegalStateException when the bus is full or has a device of that name
  public synchronized Slot plug(String device, DeviceModel model) {
    if (find(device) != null) {
      throw new IllegalStateException("bus " + name + " has a device " + device + " already");
    }
    for (int i = 0; i < slots.length(); i++) {
      if (slots.get(i) == null) {
        Slot slot =
            new Slot(i, device, new VirtioDevice(name + "." + device, i, model, ringFeatures));
        slot.device().coalesce(coalesceCompletions, coalesceMicros);
        slots.set(i, slot);
        listeners.forEach(listener -> listener.plugged(slot));
        return slot;
      }
    }
    throw new IllegalStateException("bus " + name + " has no free slot of " + slots.length());
  }

  /// Unplugs a device: its queues leave their loops, the model stops, the slot becomes free.
  ///
  /// @throws IllegalStateException when it is not plugged
  public synchronized void unplug(Slot slot) {
    if (!slot.equals(slots.get(slot.index()))) {
      throw new IllegalStateException(slot.name() + " is not plugged into bus " + name);
    }
    slots.set(slot.index(), null);
    listeners.forEach(listener -> listener.unplugging(slot));
    slot.device().model().close();
  }

  /// Changes an attribute of a device and tells the listeners.
  ///
  /// @throws IllegalArgumentException when there is no such attribute, it is read-only, or refuses
  ///   the value
  public synchronized void setAttribute(Slot slot, String attribute, String value) {
    List<String> names = new ArrayList<>();
    for (Attribute candidate : slot.device().attributes()) {
      if (candidate.name().equals(attribute)) {
        candidate.set(value);
        listeners.forEach(listener -> listener.attributeChanged(slot, attribute, candidate.get()));
        return;
      }
      names.add(candidate.name());
    }
    throw new IllegalArgumentException(
        slot.name()
            + " has no attribute "
            + attribute
            + "; it has "
            + (names.isEmpty() ? "none" : String.join(", ", names)));
  }

  /// Adds a listener, which is told of the devices that are there before it hears of any change.
  public synchronized void listen(BusListener listener) {
    listeners.add(listener);
    devices().forEach(listener::plugged);
  }

  /// Removes a listener; when this returns it hears of nothing any more.
  public synchronized void unlisten(BusListener listener) {
    listeners.remove(listener);
  }
}
