package org.vbus.core.bus;

import static org.vbus.core.bus.DeviceRegisters.*;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.Attribute;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.ring.VirtQueue;

/// One device as one guest sees it: decodes accesses to its register window (4.2.2) and routes its
/// signals.
///
/// Accesses are serialised by the endpoint; signals come from loops. Once detached the window reads
/// 0 and ignores writes, so that an access which was under way cannot reach a device that belongs
/// to another guest by then.
final class DeviceWindow implements DeviceSignals {
  private final Slot slot;
  private final VirtioDevice device;
  private final EventChannel channel;
  private final AtomicInteger interruptStatus = new AtomicInteger();
  private final int[] targets;
  private final int[] levels;
  private volatile int configTarget = NO_SIGNAL;
  private volatile int configLevel;
  private int deviceFeaturesSelect;
  private int driverFeaturesSelect;
  private int queueSelect;
  private byte[] attributes = new byte[0];
  private boolean attached;

  DeviceWindow(Slot slot, EventChannel channel) {
    this.slot = slot;
    this.device = slot.device();
    this.channel = channel;
    this.targets = new int[device.queueCount()];
    this.levels = new int[device.queueCount()];
    Arrays.fill(targets, NO_SIGNAL);
  }

  Slot slot() {
    return slot;
  }

  void attach(GuestMemory memory, LoopMap loops) {
    device.attach(new Attachment(memory, this, loops));
    attached = true;
  }

  void detach() {
    attached = false;
    device.detach();
  }

  @Override
  public boolean queue(int queue) {
    pend(INT_USED);
    return channel.signal(targets[queue], levels[queue]);
  }

  @Override
  public void config() {
    pend(INT_CONFIG);
    channel.configChanged(configTarget, configLevel);
  }

  /// Sets a bit of the interrupt status; a driver that never acknowledges costs only the look.
  private void pend(int bit) {
    if ((interruptStatus.get() & bit) == 0) {
      interruptStatus.getAndUpdate(bits -> bits | bit);
    }
  }

  long read(int offset, int size) {
    if (!attached) {
      return 0;
    }
    if (offset >= ATTRIBUTES) {
      int at = offset - ATTRIBUTES;
      return size == 1 && at < attributes.length ? attributes[at] & 0xff : 0;
    }
    if (offset >= CONFIG) {
      return device.readConfig(offset - CONFIG, size);
    }
    if (size != 4 || (offset & 3) != 0) {
      return 0;
    }
    return readRegister(offset) & 0xffffffffL;
  }

  private int readRegister(int offset) {
    return switch (offset) {
      case MAGIC_VALUE -> MAGIC;
      case VERSION -> VERSION_2;
      case DEVICE_ID -> device.spec().virtioId();
      case VENDOR_ID -> VENDOR;
      case DEVICE_FEATURES -> half(device.offeredFeatures(), deviceFeaturesSelect);
      case QUEUE_SIZE_MAX -> device.maxQueueSize(queueSelect);
      case QUEUE_READY -> device.queueReady(queueSelect) ? 1 : 0;
      case INTERRUPT_STATUS -> interruptStatus.get();
      case STATUS -> device.status();
      case SHM_LEN_LOW, SHM_LEN_LOW + 4, SHM_BASE_LOW, SHM_BASE_LOW + 4 -> -1;
      case ATTRIBUTES_LENGTH -> renderAttributes();
      case CONFIG_GENERATION -> device.configGeneration();
      default -> 0;
    };
  }

  private static int half(long features, int select) {
    return switch (select) {
      case 0 -> (int) features;
      case 1 -> (int) (features >>> 32);
      default -> 0;
    };
  }

  private int renderAttributes() {
    StringBuilder text = new StringBuilder();
    for (Attribute attribute : device.attributes()) {
      text.append(attribute.name()).append('=').append(attribute.get()).append('\n');
    }
    attributes = text.toString().getBytes(StandardCharsets.UTF_8);
    return attributes.length;
  }

  void write(int offset, int size, long value) {
    if (!attached || offset >= ATTRIBUTES) {
      return;
    }
    if (offset >= CONFIG) {
      device.writeConfig(offset - CONFIG, size, value);
    } else if (size == 4 && (offset & 3) == 0) {
      writeRegister(offset, (int) value);
    }
  }

  private void writeRegister(int offset, int value) {
    switch (offset) {
      case DEVICE_FEATURES_SEL -> deviceFeaturesSelect = value;
      case DRIVER_FEATURES_SEL -> driverFeaturesSelect = value;
      case DRIVER_FEATURES -> acceptFeatures(value);
      case QUEUE_SEL -> queueSelect = value;
      case QUEUE_SIZE -> place(value, -1, 0, false);
      case QUEUE_READY -> device.queueReady(queueSelect, value == 1);
      case QUEUE_RESET -> {
        if (value == 1) {
          device.resetQueue(queueSelect);
        }
      }
      case QUEUE_NOTIFY -> device.kick(value);
      case INTERRUPT_ACK -> interruptStatus.getAndUpdate(bits -> bits & ~value);
      case STATUS -> writeStatus(value);
      case QUEUE_DESC_LOW -> place(value, 0, 0, true);
      case QUEUE_DESC_LOW + 4 -> place(value, 0, 1, true);
      case QUEUE_DRIVER_LOW -> place(value, 1, 0, true);
      case QUEUE_DRIVER_LOW + 4 -> place(value, 1, 1, true);
      case QUEUE_DEVICE_LOW -> place(value, 2, 0, true);
      case QUEUE_DEVICE_LOW + 4 -> place(value, 2, 1, true);
      case QUEUE_SIGNAL -> {
        if (selected()) {
          targets[queueSelect] = value;
        }
      }
      case QUEUE_LEVEL -> {
        if (selected()) {
          levels[queueSelect] = value;
        }
      }
      case CONFIG_SIGNAL -> configTarget = value;
      case CONFIG_LEVEL -> configLevel = value;
      default -> {}
    }
  }

  private boolean selected() {
    return queueSelect >= 0 && queueSelect < targets.length;
  }

  private void acceptFeatures(int value) {
    switch (driverFeaturesSelect) {
      case 0 -> device.acceptFeatures(Words.low(device.acceptedFeatures(), value));
      case 1 -> device.acceptFeatures(Words.high(device.acceptedFeatures(), value));
      default -> {
        // Bits beyond 63 are never offered; accepting one makes FEATURES_OK fail.
        if (value != 0) {
          device.acceptFeatures(~device.offeredFeatures());
        }
      }
    }
  }

  private void writeStatus(int value) {
    device.writeStatus(value);
    if (value == 0) {
      interruptStatus.set(0);
      Arrays.fill(targets, NO_SIGNAL);
      Arrays.fill(levels, 0);
      configTarget = NO_SIGNAL;
      configLevel = 0;
    }
  }

  /// Sets the size (part -1) or a half of the address of one part of the selected queue.
  private void place(int value, int part, int half, boolean address) {
    VirtQueue.Addresses at = device.placeOfQueue(queueSelect);
    long old = part == 0 ? at.desc() : part == 1 ? at.avail() : at.used();
    long changed = half == 0 ? Words.low(old, value) : Words.high(old, value);
    device.placeQueue(
        queueSelect,
        new VirtQueue.Addresses(
            address ? at.size() : value,
            part == 0 ? changed : at.desc(),
            part == 1 ? changed : at.avail(),
            part == 2 ? changed : at.used()));
  }
}
