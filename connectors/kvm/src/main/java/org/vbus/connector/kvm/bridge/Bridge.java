package org.vbus.connector.kvm.bridge;

import static org.vbus.connector.kvm.bridge.BridgeAbi.*;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusListener;
import org.vbus.core.bus.Slot;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.GuestMemory;

/// The host side of the historical vbus ABI, version 2: a guest finds, opens and uses the devices
/// of a bus by four words and a read.
///
/// Whoever runs the guest forwards its accesses to BAR 0 ([#readCalls], [#writeCalls]) and its
/// writes to BAR 1 ([#signal]). Calls come from any thread and are serialised; while one runs the
/// guest's processor that made it is stopped. Signals of regions take no lock. Nothing a guest does
/// makes a method throw: a call that cannot be carried out has a negated errno as its result.
public final class Bridge implements BusListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);

  /// A slot is named by 16 bits of a device id.
  private static final int MAX_SLOTS = 1 << 16;

  /// Devices of one slot are told apart by 15 bits more.
  private static final int LAST_GENERATION = 0x7fff;

  private static final int WORDS = CALL_DESC_SIZE / Integer.BYTES;

  private static final int OUT_OF_ORDER = -1;
  private static final long NO_BLOCK = -1;

  private final Bus bus;
  private final GuestMemory memory;
  private final LoopMap loops;
  private final EventQueue events;
  private final RegionTable regions = new RegionTable();
  private final @Nullable BridgedDevice[] devices;

  /// How many devices each slot has had, so that the next has another id.
  private final int[] plugs;

  /// Where the block of each fast call is.
  private final long[] fastCalls = new long[FASTCALL_SLOTS];

  private final Repeats complaints = new Repeats();
  private final int[] words = new int[WORDS];

  /// Words of the call descriptor written so far.
  private int written;

  private boolean negotiated;
  private boolean closed;

  /// Shows the devices of `bus`, present and future, to a guest. They are attached when the guest
  /// opens them.
  ///
  /// @param interrupt the one interrupt of the bridge: makes it pending; any thread, never blocks
  /// @throws IllegalArgumentException when the bus has more slots than a device id can name
  public Bridge(Bus bus, GuestMemory memory, Runnable interrupt, LoopMap loops) {
    if (bus.slotCount() > MAX_SLOTS) {
      throw new IllegalArgumentException(
          "bus " + bus.name() + " has " + bus.slotCount() + " slots, a bridge at most 65536");
    }
    this.bus = bus;
    this.memory = memory;
    this.loops = loops;
    this.events = new EventQueue(bus.name(), interrupt);
    this.devices = new @Nullable BridgedDevice[bus.slotCount()];
    this.plugs = new int[bus.slotCount()];
    Arrays.fill(fastCalls, NO_BLOCK);
    bus.listen(this);
  }

  /// The guest reads from BAR 0: a read of 32 bits, wherever it is, makes the call that was
  /// described before; its result is the value. Other reads give 0.
  public synchronized long readCalls(int offset, int size) {
    return size == Integer.BYTES ? call() & 0xffffffffL : 0;
  }

  /// The guest writes to BAR 0: the call descriptor, as four words in ascending order. Other writes
  /// are ignored.
  public synchronized void writeCalls(int offset, int size, long value) {
    if (size != Integer.BYTES || offset < 0 || offset >= CALL_DESC_SIZE) {
      return;
    }
    if (offset == 0) {
      written = 0;
    }
    if (offset == written * Integer.BYTES) {
      words[written++] = (int) value;
    } else {
      written = OUT_OF_ORDER;
    }
  }

  /// The guest writes to BAR 1: descriptors of the event queue came back, a fast call, or the
  /// handle of a region.
  public void signal(int offset, int size, long value) {
    if (size != Integer.BYTES) {
      return;
    }
    int word = (int) value;
    switch (offset) {
      case SIGNAL_EVENTQ -> {
        if (word == 0) {
          events.kicked();
        }
      }
      case SIGNAL_FASTCALL -> fastCall(word);
      case SIGNAL_SHM -> {
        Region region = regions.find(word);
        if (region != null) {
          region.kick();
        }
      }
      default -> {}
    }
  }

  private int call() {
    boolean described = written == WORDS;
    written = 0;
    try {
      if (!described) {
        throw new Refusal(EINVAL, "call descriptor not written in order");
      }
      return call(words[0], words[1], (words[2] & 0xffffffffL) | (long) words[3] << 32);
    } catch (Refusal e) {
      return refused(e);
    }
  }

  private int refused(Refusal e) {
    if (complaints.worthALine()) {
      LOG.warn("{}: call of the guest failed with {}: {}", bus.name(), -e.errno(), e.getMessage());
    }
    return -e.errno();
  }

  private int call(int vector, int len, long datap) throws Refusal {
    if (closed) {
      throw new Refusal(ENODEV, "bridge is closed");
    }
    if (!negotiated && vector != NEGOTIATE) {
      throw new Refusal(EINVAL, "call " + vector + " before NEGOTIATE");
    }
    return switch (vector) {
      case NEGOTIATE -> negotiate(read(datap, len, NEGOTIATE_SIZE));
      case QREG -> registerEvents(read(datap, len, QREG_SIZE));
      case SLOWCALL -> hypercall(read(datap, len, CALL_DESC_SIZE));
      case FASTCALL_ADD -> addFastCall(read(datap, len, CALL_DESC_SIZE));
      case FASTCALL_DROP ->
          dropFastCall(read(datap, len, len == Integer.BYTES ? len : CALL_DESC_SIZE));
      default -> throw new Refusal(EINVAL, "no bridge call " + Integer.toUnsignedString(vector));
    };
  }

  private Argument read(long gpa, int len, int size) throws Refusal {
    return Argument.read(memory, gpa, len, size);
  }

  private int negotiate(Argument wanted) throws Refusal {
    int version = wanted.u32(NEGOTIATE_VERSION);
    if (wanted.u32(NEGOTIATE_MAGIC) != MAGIC || version != HYPERCALLS_VERSION) {
      throw new Refusal(EINVAL, "NEGOTIATE of version " + version + " or with a wrong magic");
    }
    reset();
    negotiated = true;
    wanted.put64(NEGOTIATE_CAPABILITIES, 0);
    return HYPERCALLS_VERSION;
  }

  /// Ends the session: when this returns nothing touches the guest's memory.
  private void reset() {
    negotiated = false;
    events.forget();
    for (BridgedDevice device : devices) {
      if (device != null) {
        device.close(false);
      }
    }
    regions.clear();
    Arrays.fill(fastCalls, NO_BLOCK);
  }

  private int registerEvents(Argument queues) throws Refusal {
    if (queues.u32(QREG_QUEUES) != 1) {
      throw new Refusal(EINVAL, "there is one event queue, not " + queues.u32(QREG_QUEUES));
    }
    if (events.registered()) {
      throw new Refusal(EEXIST, "event queue is registered already");
    }
    events.register(memory, queues.u64(QREG_RING), queues.u64(QREG_DATA), queues.u32(QREG_COUNT));
    for (BridgedDevice device : devices) {
      if (device != null) {
        events.tell(device);
      }
    }
    return 0;
  }

  private int addFastCall(Argument desc) throws Refusal {
    int slot = slot(desc.u32(CALL_VECTOR));
    if (fastCalls[slot] != NO_BLOCK) {
      throw new Refusal(EEXIST, "fast call " + slot + " is registered already");
    }
    long block = desc.u64(CALL_DATAP);
    read(block, desc.u32(CALL_LEN), FASTCALL_SIZE);
    fastCalls[slot] = block;
    return 0;
  }

  private int dropFastCall(Argument which) throws Refusal {
    int slot = slot(which.u32(CALL_VECTOR));
    if (fastCalls[slot] == NO_BLOCK) {
      throw new Refusal(ENOENT, "no fast call " + slot);
    }
    fastCalls[slot] = NO_BLOCK;
    return 0;
  }

  private static int slot(int number) throws Refusal {
    if (number < 0 || number >= FASTCALL_SLOTS) {
      throw new Refusal(EINVAL, "no slot " + Integer.toUnsignedString(number) + " for a fast call");
    }
    return number;
  }

  private synchronized void fastCall(int number) {
    try {
      int slot = slot(number);
      if (fastCalls[slot] == NO_BLOCK) {
        throw new Refusal(ENOENT, "no fast call " + slot);
      }
      Argument block = read(fastCalls[slot], FASTCALL_SIZE, FASTCALL_SIZE);
      block.put32(FASTCALL_RESULT, fastCall(block));
    } catch (Refusal e) {
      refused(e);
    }
  }

  private int fastCall(Argument block) {
    try {
      return hypercall(block);
    } catch (Refusal e) {
      return refused(e);
    }
  }

  /// Runs the hypercall that a call descriptor names.
  private int hypercall(Argument desc) throws Refusal {
    int vector = desc.u32(CALL_VECTOR);
    int len = desc.u32(CALL_LEN);
    long datap = desc.u64(CALL_DATAP);
    return switch (vector) {
      case DEVOPEN -> open(read(datap, len, DEVOPEN_SIZE));
      case DEVCLOSE -> {
        opened(read(datap, len, DEVCLOSE_SIZE).u64(0)).close(true);
        yield 0;
      }
      case DEVCALL -> {
        Argument call = read(datap, len, DEVCALL_SIZE);
        BridgedDevice device = opened(call.u64(DEVCALL_HANDLE));
        if (call.u32(DEVCALL_FLAGS) != 0) {
          throw new Refusal(EINVAL, "unknown flags of a device call");
        }
        yield device.call(
            memory, call.u32(DEVCALL_FUNC), call.u32(DEVCALL_LEN), call.u64(DEVCALL_DATAP));
      }
      case DEVSHM -> {
        Argument shm = read(datap, len, DEVSHM_SIZE);
        yield opened(shm.u64(DEVSHM_HANDLE)).share(memory, shm);
      }
      default -> throw new Refusal(EINVAL, "no hypercall " + Integer.toUnsignedString(vector));
    };
  }

  private int open(Argument wanted) throws Refusal {
    BridgedDevice device = device(wanted.u32(DEVOPEN_ID) & 0xffffffffL);
    int version = wanted.u32(DEVOPEN_VERSION);
    if (version != DEVICE_VERSION) {
      throw new Refusal(EINVAL, "device of version " + Integer.toUnsignedString(version));
    }
    device.open(memory, loops);
    wanted.put64(DEVOPEN_HANDLE, device.id());
    return 0;
  }

  private BridgedDevice opened(long handle) throws Refusal {
    BridgedDevice device = device(handle);
    if (!device.isOpen()) {
      throw new Refusal(ENOENT, "device " + handle + " is not open");
    }
    return device;
  }

  private BridgedDevice device(long id) throws Refusal {
    int slot = (int) id & (MAX_SLOTS - 1);
    BridgedDevice device = slot < devices.length ? devices[slot] : null;
    if (device == null || device.id() != id) {
      throw new Refusal(ENOENT, "no device 0x" + Long.toHexString(id));
    }
    return device;
  }

  @Override
  public synchronized void plugged(Slot slot) {
    int generation = plugs[slot.index()]++ & LAST_GENERATION;
    BridgedDevice device =
        new BridgedDevice(slot, (generation << 16) | slot.index(), events, regions);
    devices[slot.index()] = device;
    if (events.registered()) {
      events.tell(device);
    }
  }

  @Override
  public synchronized void unplugging(Slot slot) {
    BridgedDevice device = devices[slot.index()];
    if (device == null) {
      return;
    }
    devices[slot.index()] = null;
    device.close(true);
    if (events.registered() && !events.withdraw(device)) {
      events.tell(ring -> ring.offerDeviceDropped(device.id()));
    }
  }

  /// Closes what the guest has open; when it returns nothing touches the guest's memory any more.
  /// Calls fail from now on.
  @Override
  public void close() {
    bus.unlisten(this);
    synchronized (this) {
      closed = true;
      reset();
    }
  }
}
