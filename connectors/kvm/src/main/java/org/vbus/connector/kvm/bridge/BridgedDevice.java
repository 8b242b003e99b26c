package org.vbus.connector.kvm.bridge;

import static org.vbus.connector.kvm.bridge.BridgeAbi.*;

import org.jspecify.annotations.Nullable;
import org.vbus.core.bus.Slot;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.HasConfig;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventProducer;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;
import org.vbus.shm.ShmSignalLayout;

/// One device as the bridge shows it: virtio by device calls and regions. As an event of the queue
/// it is its own DEVADD.
///
/// Calls are serialised by the bridge; signals come from loops. The regions of queues change only
/// while no loop polls for the device.
final class BridgedDevice implements DeviceSignals, EventQueue.Event {
  /// Features of a split ring whose region lives as long as the device is not reset: one format,
  /// and no queue is reset alone.
  private static final long NOT_OFFERED = Feature.setOf(Feature.RING_PACKED, Feature.RING_RESET);

  private final Slot slot;
  private final int id;
  private final VirtioDevice device;
  private final EventQueue events;
  private final RegionTable table;

  /// Regions of the queues, and behind them that of the configuration.
  private final @Nullable Region[] regions;

  private final int[] handles;
  private final int config;
  private volatile @Nullable Region configRegion;
  private boolean open;

  BridgedDevice(Slot slot, int id, EventQueue events, RegionTable table) {
    this.slot = slot;
    this.id = id;
    this.device = slot.device();
    this.events = events;
    this.table = table;
    this.config = device.queueCount();
    this.regions = new @Nullable Region[config + 1];
    this.handles = new int[config + 1];
  }

  /// Its id in events and its handle in calls.
  int id() {
    return id;
  }

  boolean isOpen() {
    return open;
  }

  @Override
  public Delivery offer(EventProducer ring) {
    return ring.offerDeviceAdded(id, slot.device().spec().type());
  }

  /// DEVOPEN: ties the device to the guest.
  void open(GuestMemory memory, LoopMap loops) throws Refusal {
    if (open) {
      throw new Refusal(EEXIST, device.name() + " is open already");
    }
    try {
      device.attach(new Attachment(memory, this, loops));
    } catch (IllegalStateException _) {
      throw new Refusal(EBUSY, device.name() + " is attached elsewhere");
    }
    open = true;
  }

  /// When this returns no loop touches the guest's memory for the device any more.
  ///
  /// @param tell whether the guest is told of the regions that are closed by it
  void close(boolean tell) {
    if (open) {
      open = false;
      device.detach();
      closeRegions(tell);
    }
  }

  private void closeRegions(boolean tell) {
    configRegion = null;
    for (int i = 0; i < regions.length; i++) {
      Region region = regions[i];
      if (region == null) {
        continue;
      }
      regions[i] = null;
      events.close(region);
      int handle = handles[i];
      if (tell && region.signal() != null) {
        events.tell(ring -> {
          Delivery delivery = ring.offerSignalClosed(region.cookie());
          if (delivery != Delivery.FULL) {
            table.free(handle);
          }
          return delivery;
        });
      } else {
        table.free(handle);
      }
    }
  }

  @Override
  public boolean queue(int queue) {
    Region region = regions[queue];
    return region != null && events.signal(region);
  }

  @Override
  public void config() {
    Region region = configRegion;
    if (region != null) {
      events.signalUnlessClosed(region);
    }
  }

  /// DEVCALL: one of the functions.
  int call(GuestMemory memory, int function, int len, long datap) throws Refusal {
    Argument data = Argument.read(memory, datap, len, dataSize(function));
    return switch (function) {
      case IDENTIFY -> {
        data.put32(IDENTIFY_ID, device.spec().virtioId());
        data.put32(IDENTIFY_QUEUES, device.queueCount());
        data.put64(IDENTIFY_CONFIG, configSize());
        yield 0;
      }
      case FEATURES -> {
        data.put64(0, offered());
        yield 0;
      }
      case ACCEPT -> accept(data.u64(0));
      case STATUS -> device.status();
      case SET_STATUS -> setStatus(data.u32(0));
      case CONFIG_READ -> {
        int offset = field(data);
        data.put64(FIELD_VALUE, device.readConfig(offset, data.u32(FIELD_BYTES)));
        yield 0;
      }
      case CONFIG_WRITE -> {
        int offset = field(data);
        device.writeConfig(offset, data.u32(FIELD_BYTES), data.u64(FIELD_VALUE));
        yield 0;
      }
      case QUEUE_MAX -> {
        int max = device.maxQueueSize(data.u32(0));
        if (max == 0) {
          throw new Refusal(ENOENT, device.name() + " has no such queue");
        }
        yield max;
      }
      default -> device.configGeneration() & Integer.MAX_VALUE;
    };
  }

  private int dataSize(int function) throws Refusal {
    return switch (function) {
      case IDENTIFY -> IDENTIFY_SIZE;
      case FEATURES, ACCEPT -> Long.BYTES;
      case SET_STATUS, QUEUE_MAX -> Integer.BYTES;
      case CONFIG_READ, CONFIG_WRITE -> FIELD_SIZE;
      case STATUS, CONFIG_GENERATION -> 0;
      default ->
          throw new Refusal(
              EINVAL, device.name() + " has no function " + Integer.toUnsignedString(function));
    };
  }

  private int configSize() {
    return device.model() instanceof HasConfig has ? has.config().size() : 0;
  }

  private long offered() {
    return device.offeredFeatures() & ~NOT_OFFERED;
  }

  private int accept(long features) throws Refusal {
    if ((features & ~offered()) != 0) {
      throw new Refusal(
          EINVAL,
          device.name() + " does not offer features 0x" + Long.toHexString(features & ~offered()));
    }
    if ((device.status() & DeviceStatus.FEATURES_OK) != 0) {
      throw new Refusal(EINVAL, device.name() + " has its features already");
    }
    device.acceptFeatures(features);
    return 0;
  }

  private int setStatus(int value) {
    device.writeStatus(value);
    if (value == 0) {
      closeRegions(true);
    }
    return device.status();
  }

  /// The offset of a field that lies in the configuration.
  private int field(Argument data) throws Refusal {
    int offset = data.u32(FIELD_OFFSET);
    int bytes = data.u32(FIELD_BYTES);
    boolean whole = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (!whole || offset < 0 || offset > configSize() - bytes) {
      throw new Refusal(
          EINVAL, device.name() + " has no field of " + bytes + " bytes at " + offset);
    }
    return offset;
  }

  /// DEVSHM: takes up a region.
  ///
  /// @return the handle by which the guest signals it
  int share(GuestMemory memory, Argument shm) throws Refusal {
    int region = shm.u32(DEVSHM_ID);
    long len = shm.u32(DEVSHM_LEN) & 0xffffffffL;
    long datap = shm.u64(DEVSHM_DATAP);
    if (shm.u32(DEVSHM_FLAGS) != 0) {
      throw new Refusal(EINVAL, "unknown flags of a region");
    }
    MemoryRegion place = Argument.find(memory, datap, len);
    return region == CONFIG_REGION
        ? shareConfig(shm, place, datap, len)
        : shareQueue(shm, place, datap, len, region & 0xffff, region >>> 16);
  }

  private int shareConfig(Argument shm, MemoryRegion place, long datap, long len) throws Refusal {
    ShmSignal signal = signal(shm, place, datap, len, 0);
    if (signal == null) {
      throw new Refusal(EINVAL, "region of the configuration without a signal");
    }
    Region region = add(shm, config, Region.NO_QUEUE, signal);
    configRegion = region;
    return handles[config];
  }

  private int shareQueue(
      Argument shm, MemoryRegion place, long datap, long len, int queue, int size) throws Refusal {
    if (queue >= config) {
      throw new Refusal(ENOENT, device.name() + " has no queue " + queue);
    }
    int status = device.status();
    if ((status & DeviceStatus.FEATURES_OK) == 0 || (status & DeviceStatus.DRIVER_OK) != 0) {
      throw new Refusal(
          EINVAL, "queues are registered between FEATURES_OK and DRIVER_OK, not at " + status);
    }
    if (!SplitLayout.isLegalSize(size)
        || size > device.maxQueueSize(queue)
        || len < queueBytes(size)
        || (datap & (QUEUE_ALIGN - 1)) != 0) {
      throw new Refusal(
          EINVAL, "queue %d of %d entries in %d bytes at 0x%x".formatted(queue, size, len, datap));
    }
    ShmSignal signal = signal(shm, place, datap, len, queueBytes(size));
    add(shm, queue, queue, signal);
    device.placeQueue(
        queue,
        new VirtQueue.Addresses(size, datap, datap + availOffset(size), datap + usedOffset(size)));
    device.queueReady(queue, true);
    return handles[queue];
  }

  private Region add(Argument shm, int at, int queue, @Nullable ShmSignal signal) throws Refusal {
    if (regions[at] != null) {
      throw new Refusal(EEXIST, device.name() + " has that region already");
    }
    Region region = new Region(device, queue, signal, shm.u64(DEVSHM_SIGNAL_COOKIE));
    handles[at] = table.add(region);
    regions[at] = region;
    return region;
  }

  /// The signal in a region, not before `first`; null for none.
  private static @Nullable ShmSignal signal(
      Argument shm, MemoryRegion place, long datap, long len, int first) throws Refusal {
    int at = shm.u32(DEVSHM_SIGNAL_OFFSET);
    if (at == NO_SIGNAL) {
      return null;
    }
    long offset = at & 0xffffffffL;
    if (offset < first || offset > len - ShmSignalLayout.SIZE || ((datap + offset) & 7) != 0) {
      throw new Refusal(EINVAL, "signal at offset " + offset + " of a region of " + len + " bytes");
    }
    ShmSignal signal = new ShmSignal(place.segment(), place.offset(datap) + offset, Locality.SOUTH);
    if (!signal.valid()) {
      throw new Refusal(EINVAL, "signal with a wrong magic or version");
    }
    return signal;
  }
}
