package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.ABOVE_OR_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.BELOW;
import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.ZERO;
import static org.vbus.connector.kvm.x86.Memory.byteAt;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.R8;
import static org.vbus.connector.kvm.x86.Register.R9;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBP;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSI;
import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.bridge.BridgeAbi;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.shm.EventLayout;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;
import org.vbus.shm.ShmSignalLayout;

/// A guest that finds, opens and uses a device by the historical vbus ABI (see
/// [org.vbus.connector.kvm.bridge]), and makes the same requests as [RequestProgram].
///
/// ```
///   NEGOTIATE, FASTCALL_ADD, QREG -> DEVADD -> DEVOPEN, IDENTIFY: the wanted device? else DEVCLOSE, next
///   -> features, DEVSHM of the queue -> READY; SHMSIGNAL -> serve ... -> DEVCLOSE -> SHMCLOSE -> DONE
/// ```
///
/// DEVOPEN goes the slow way, everything after it by fast calls.
public final class BridgeProgram implements GuestProgram {
  // Places in arguments: vbus ABI, sections 2 and 3.
  private static final int QREG_COUNT = 8;
  private static final int QREG_RING = 16;
  private static final int QREG_DATA = 24;
  private static final int DEVOPEN_HANDLE = 8;
  private static final int DEVSHM_ID = 8;
  private static final int DEVSHM_LEN = 12;
  private static final int DEVSHM_SIGNAL_OFFSET = 24;
  private static final int DEVSHM_DATAP = 40;

  /// Devices that can be waiting to be looked at.
  private static final int MAX_ADDED = 256;

  private static final int READY =
      DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;

  private final RequestOptions options;

  /// A guest that uses the first device of the wanted kind. Policy, doorbell and level of the
  /// options do not apply: the bridge has its own.
  ///
  /// @throws IllegalArgumentException when more than one device is to be used
  public BridgeProgram(RequestOptions options) {
    if (options.devices() != 1) {
      throw new IllegalArgumentException("one device, not " + options.devices());
    }
    this.options =
        new RequestOptions(
            SignalPolicy.RING,
            options.deviceId(),
            1,
            Doorbell.PORT,
            options.suppression(),
            options.depth(),
            options.batch(),
            options.bytes(),
            options.total(),
            options.levels().subList(0, 1));
  }

  @Override
  public GuestEntry install(MemorySegment memory) {
    GuestImage image = new GuestImage(memory);
    new Body(image, options).write();
    return image.finish();
  }

  /// One image being written.
  private static final class Body implements EventHost {
    private final GuestImage image;
    private final MemorySegment memory;
    private final Assembler a;
    private final GuestCode guest;
    private final RequestOptions options;
    private final RequestCode requests;
    private final DeviceBlock layout;
    private final BridgeCalls calls;
    private final EventBlock events;
    private final long block;
    private final long added;
    private final long addedCount;
    private final long looked;
    private final long closed;

    Body(GuestImage image, RequestOptions options) {
      this.image = image;
      this.memory = image.memory();
      this.a = image.code();
      this.guest = image.guestCode();
      this.options = options;
      this.requests = new RequestCode(image, options);
      this.layout = new DeviceBlock(options.queueSize(), options.bytes());
      this.calls = new BridgeCalls(image);
      this.events = EventBlock.allocate(image, 1, 1);
      this.block = memory.get(LONG, requests.devices());
      this.added = image.allocate((long) MAX_ADDED * Long.BYTES, GuestCounters.LINE);
      this.addedCount = image.allocate(Long.BYTES, Long.BYTES);
      this.looked = image.allocate(Long.BYTES, Long.BYTES);
      this.closed = image.allocate(Long.BYTES, Long.BYTES);
      memory.set(
          LONG, block + DeviceBlock.DOORBELL, KvmLayout.BRIDGE_SIGNALS + BridgeAbi.SIGNAL_SHM);
      ShmSignal.format(memory, block + layout.signal());
      boolean _ = new ShmSignal(memory, block + layout.signal(), Locality.NORTH).enable();
    }

    void write() {
      RingCode rings = new RingCode(image, events, this);
      rings.writeInterrupts();
      image.entry();
      guest.enableApic();
      begin();
      findDevice(rings);
      startDevice();
      requests.writeRing(rings);
      requests.writeFinish(() -> close(rings));
    }

    @Override
    public void signalled(Label ignore) {
      a.mov(RBX, block);
      a.cmp(RDX, RBX);
      a.jcc(NOT_EQUAL, ignore);
      a.xor(RAX, RAX);
      // [MO-GUEST-15] FULL pending = 0, by xchg. Partner: MO-SIG-2. Orders: pending = 0 before the
      // look at the queue: a change after it queues a new event.
      a.xchg(byteAt(RBX, layout.signal() + RingCode.SIGNAL_PENDING), RAX);
      a.call(requests.serve());
    }

    @Override
    public void other() {
      final Label notAdded = a.label("not DEVADD");
      final Label ignored = a.label("ignored");
      a.cmp(RAX, EventLayout.DEVADD);
      a.jcc(NOT_EQUAL, notAdded);
      a.mov(RCX, qwordAt(addedCount));
      a.cmp(RCX, MAX_ADDED);
      a.jcc(ABOVE_OR_EQUAL, ignored);
      a.mov(new Memory(Size.QWORD, null, RCX, Long.BYTES, (int) added), RDX);
      a.inc(RCX);
      a.mov(qwordAt(addedCount), RCX);
      a.bind(notAdded);
      a.cmp(RAX, EventLayout.SHMCLOSE);
      a.jcc(NOT_EQUAL, ignored);
      a.mov(qwordAt(closed), RDX);
      a.bind(ignored);
    }

    @Override
    public void returned(int level) {
      a.xor(RAX, RAX);
      a.mov(RDX, KvmLayout.BRIDGE_SIGNALS + BridgeAbi.SIGNAL_EVENTQ);
      a.outDword();
    }

    private void begin() {
      long negotiate = image.allocate(BridgeAbi.NEGOTIATE_SIZE, Long.BYTES);
      memory.set(INT, negotiate, BridgeAbi.MAGIC);
      memory.set(INT, negotiate + Integer.BYTES, BridgeAbi.HYPERCALLS_VERSION);
      calls.bridge(BridgeAbi.NEGOTIATE, BridgeAbi.NEGOTIATE_SIZE, negotiate);
      a.cmp(R8, BridgeAbi.HYPERCALLS_VERSION);
      guest.panicIf(NOT_EQUAL, GuestPanic.NO_BUS);
      calls.addFastCall();
      long register = image.allocate(BridgeAbi.QREG_SIZE, Long.BYTES);
      memory.set(INT, register, 1);
      memory.set(INT, register + QREG_COUNT, events.geometry().slots());
      memory.set(LONG, register + QREG_RING, events.ring(0));
      memory.set(LONG, register + QREG_DATA, events.data(0));
      calls.bridge(BridgeAbi.QREG, BridgeAbi.QREG_SIZE, register);
      calls.must();
    }

    /// Waits for devices and opens one after the other, until one is of the wanted kind.
    private void findDevice(RingCode rings) {
      long open = image.allocate(BridgeAbi.DEVOPEN_SIZE, Long.BYTES);
      memory.set(INT, open + Integer.BYTES, BridgeAbi.DEVICE_VERSION);
      final Label found = a.label("found");
      final Label sleep = a.label("wait");
      a.xor(RBP, RBP);
      final Label next = a.mark("next device");
      rings.writeMask();
      rings.writeDrainAll(next);
      rings.writeReturn();
      a.mov(RSI, qwordAt(looked));
      a.mov(RAX, qwordAt(addedCount));
      a.cmp(RSI, RAX);
      a.jcc(EQUAL, sleep);
      a.inc(qwordAt(looked));
      a.mov(RAX, new Memory(Size.QWORD, null, RSI, Long.BYTES, (int) added));
      a.mov(dwordAt(open), RAX);
      calls.slow(BridgeAbi.DEVOPEN, BridgeAbi.DEVOPEN_SIZE, open);
      calls.failed(next);
      a.mov(R9, qwordAt(open + DEVOPEN_HANDLE));
      calls.handle(R9);
      calls.device(BridgeAbi.IDENTIFY, BridgeAbi.IDENTIFY_SIZE);
      calls.must();
      a.cmp(dwordAt(calls.data()), options.deviceId());
      a.jcc(EQUAL, found);
      closeDevice();
      a.jmp(next);
      a.bind(sleep);
      a.cli();
      rings.writeUnmask(next);
      guest.count(GuestCounter.HALTS);
      a.sti();
      a.hlt();
      a.jmp(next);
      a.bind(found);
    }

    private void startDevice() {
      calls.status(0);
      calls.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
      long features = Feature.VERSION_1.mask();
      if (options.suppression() == Suppression.EVENT_INDEX) {
        features |= Feature.EVENT_IDX.mask();
      }
      calls.device(BridgeAbi.FEATURES, Long.BYTES);
      calls.must();
      a.mov(RAX, qwordAt(calls.data()));
      a.mov(RCX, features);
      a.and(RAX, RCX);
      a.cmp(RAX, RCX);
      guest.panicIf(NOT_EQUAL, GuestPanic.NO_FEATURES);
      a.mov(RCX, features);
      a.mov(qwordAt(calls.data()), RCX);
      calls.device(BridgeAbi.ACCEPT, Long.BYTES);
      calls.must();
      calls.status(READY);
      a.mov(dwordAt(calls.data()), 0);
      calls.device(BridgeAbi.QUEUE_MAX, Integer.BYTES);
      calls.must();
      a.cmp(R8, layout.size());
      guest.panicIf(BELOW, GuestPanic.QUEUE_TOO_SMALL);
      shareQueue();
      calls.status(READY | DeviceStatus.DRIVER_OK);
    }

    /// The region is all of the device's block from the descriptor table on.
    private void shareQueue() {
      int signal = layout.signal() - layout.desc();
      long share = image.allocate(BridgeAbi.DEVSHM_SIZE, Long.BYTES);
      memory.set(INT, share + DEVSHM_ID, BridgeAbi.queueRegion(0, layout.size()));
      memory.set(INT, share + DEVSHM_LEN, (int) (signal + ShmSignalLayout.SIZE));
      memory.set(INT, share + DEVSHM_SIGNAL_OFFSET, signal);
      memory.set(LONG, share + DEVSHM_SIGNAL_OFFSET + Long.BYTES, block);
      memory.set(LONG, share + DEVSHM_DATAP, block + layout.desc());
      a.mov(R9, qwordAt(calls.handle()));
      a.mov(qwordAt(share), R9);
      calls.fast(BridgeAbi.DEVSHM, BridgeAbi.DEVSHM_SIZE, share);
      calls.must();
      a.mov(qwordAt(block + DeviceBlock.KICK_VALUE), R8);
    }

    private void closeDevice() {
      calls.fast(BridgeAbi.DEVCLOSE, BridgeAbi.DEVCLOSE_SIZE, calls.handle());
      calls.must();
    }

    /// Closes the device and expects to be told that its region is free.
    private void close(RingCode rings) {
      final Label again = a.label("closed");
      closeDevice();
      a.bind(again);
      rings.writeDrainAll(again);
      a.mov(RAX, qwordAt(closed));
      a.test(RAX, RAX);
      guest.panicIf(ZERO, GuestPanic.WRONG_ANSWER);
    }
  }
}
