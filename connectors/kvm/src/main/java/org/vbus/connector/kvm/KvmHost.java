package org.vbus.connector.kvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.connector.kvm.bridge.Bridge;
import org.vbus.connector.kvm.guest.GuestEntry;
import org.vbus.connector.kvm.guest.GuestProgram;
import org.vbus.connector.kvm.guest.Vectors;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusEndpoint;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.linux.Kvm;
import org.vbus.linux.KvmVcpu;

/// South half of the connector: a virtual machine whose guest reaches one bus.
///
/// ```
///   window 0, 1, ...   register accesses, the guest stops      BusEndpoint.read, write
///   or bridge          calls, the guest stops                  Bridge.readCalls, writeCalls
///   kick               notify register or kick port            BusEndpoint.kick, or Doorbells
///   interrupts         vector of a local APIC                  Interrupts
///   memory             from 0 up                               GuestMemory
/// ```
///
/// Life: construct, [#load(GuestProgram)], [#start()], [#close()]. What the guest does outside of
/// what is described here has no effect on anybody else: accesses to nothing read all ones and are
/// ignored, and when its processor shuts down its devices are taken away.
public final class KvmHost implements HostConnector {
  private static final Logger LOG = LoggerFactory.getLogger(KvmHost.class);

  private final Bus bus;
  private final SignalPolicy policy;
  private final LoopMap loops;
  private final KvmOptions options;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final MappedMemory guestMemory;
  private final VirtualMachine machine;
  private final Interrupts interrupts;
  private final Doorbells doorbells;
  private final Ledger ledger = new Ledger();
  private final Repeats strays = new Repeats();
  private IntConsumer reports = code -> {};
  private Runnable closing = () -> {};
  private @Nullable GuestEntry entry;
  private volatile @Nullable BusEndpoint endpoint;
  private volatile @Nullable Bridge bridge;
  private volatile @Nullable String ended;
  private boolean started;
  private boolean closed;

  /// A machine that does not run.
  ///
  /// @throws IOException with a line that says what to do
  public KvmHost(Kvm kvm, Bus bus, LoopMap loops, SignalPolicy policy, KvmOptions options)
      throws IOException {
    this.bus = bus;
    this.loops = loops;
    this.policy = policy;
    this.options = options;
    this.memory = arena.allocate(options.memory(), 4096);
    this.guestMemory = new MappedMemory(List.of(new MemoryRegion(0, memory)));
    VirtualMachine made = null;
    try {
      made = new VirtualMachine(kvm, "vbus-vcpu-" + bus.name(), memory, new Guest());
      machine = made;
      interrupts = new Interrupts(made.machine(), options.interrupts());
    } catch (IOException | RuntimeException e) {
      if (made != null) {
        made.close();
      }
      arena.close();
      throw e;
    }
    this.doorbells = new Doorbells(made.machine(), loops);
    if (options.processors() != null) {
      made.pin(options.processors());
    }
  }

  /// The guest's memory, from guest-physical 0 on, until this is closed.
  public MemorySegment memory() {
    return memory;
  }

  /// Writes the guest into its memory. Before [#start()], once.
  ///
  /// @throws IllegalArgumentException when the memory is too small for it
  public void load(GuestProgram program) {
    entry = program.install(memory);
  }

  /// Has `reports` hear of what the guest writes to its report port, on the vCPU's thread, the
  /// guest stopped. Before [#start()].
  public void onReport(IntConsumer listener) {
    reports = listener;
  }

  /// Has `listener` hear when the guest runs no more, before its memory goes. Before [#start()].
  public void onClose(Runnable listener) {
    closing = listener;
  }

  @Override
  public synchronized void start() {
    if (started || closed) {
      throw new IllegalStateException("the machine of bus " + bus.name() + " was started before");
    }
    if (entry == null) {
      throw new IllegalStateException("the machine of bus " + bus.name() + " has no program");
    }
    attach();
    started = true;
    try {
      machine.start(entry);
    } catch (IOException e) {
      throw new IllegalStateException(
          "the machine of bus " + bus.name() + " does not start: " + e.getMessage(), e);
    }
  }

  private void attach() {
    if (options.abi() == BusAbi.HISTORICAL) {
      bridge = new Bridge(bus, guestMemory, () -> interrupts.interrupt(Vectors.BRIDGE), loops);
      return;
    }
    endpoint = new BusEndpoint(bus, guestMemory, interrupts, policy, loops);
    if (options.kicks() == KickDelivery.EVENTFD) {
      bus.listen(doorbells);
    }
  }

  /// Raises an interrupt that no device asked for; any thread.
  public void interrupt(int vector) {
    interrupts.interrupt(vector);
  }

  /// Interrupts raised so far.
  public long interruptsSent() {
    return interrupts.sent();
  }

  /// How often the vCPU came back to this process.
  public long exits(UserExit why) {
    return machine.exits(why);
  }

  /// The vCPU, for its statistics.
  public KvmVcpu vcpu() {
    return machine.vcpu();
  }

  /// Why the guest runs no more by itself, null while it does.
  public @Nullable String ended() {
    return ended;
  }

  /// Kicks and register accesses that stopped the guest. Kicks by event descriptor are in the
  /// devices' own tallies.
  @Override
  public Tally tally() {
    return ledger.tally();
  }

  /// Bytes of guest memory that are still mapped, 0 once closed.
  public long mappedBytes() {
    return arena.scope().isAlive() ? memory.byteSize() : 0;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    bus.unlisten(doorbells);
    machine.close();
    doorbells.close();
    detach();
    interrupts.close();
    closing.run();
    arena.close();
  }

  private void detach() {
    BusEndpoint served = endpoint;
    endpoint = null;
    if (served != null) {
      served.close();
    }
    Bridge called = bridge;
    bridge = null;
    if (called != null) {
      called.close();
    }
  }

  /// The guest's side of the boundary; on the vCPU's thread.
  private final class Guest implements Traps {
    @Override
    public long read(long gpa, int size) {
      int window = window(gpa);
      BusEndpoint to = endpoint;
      Bridge called = bridge;
      if (window >= 0 && to != null) {
        ledger.add(Event.REGISTER_ACCESSES, 1);
        return to.read(window, offset(gpa), size);
      }
      if (isCall(gpa) && called != null) {
        ledger.add(Event.REGISTER_ACCESSES, 1);
        return called.readCalls((int) (gpa - KvmLayout.BRIDGE_CALLS), size);
      }
      stray("read", "address", gpa);
      return VirtualMachine.NOTHING;
    }

    @Override
    public void write(long gpa, int size, long value) {
      int window = window(gpa);
      BusEndpoint to = endpoint;
      Bridge called = bridge;
      if (window >= 0 && to != null) {
        writeRegister(to, window, offset(gpa), size, value);
      } else if (isCall(gpa) && called != null) {
        ledger.add(Event.REGISTER_ACCESSES, 1);
        called.writeCalls((int) (gpa - KvmLayout.BRIDGE_CALLS), size, value);
      } else {
        stray("wrote", "address", gpa);
      }
    }

    private void writeRegister(BusEndpoint to, int window, int offset, int size, long value) {
      if (window > 0 && offset == DeviceRegisters.QUEUE_NOTIFY && size == Integer.BYTES) {
        ledger.add(Event.KICKS, 1);
        to.kick(window - 1, (int) value);
      } else {
        ledger.add(Event.REGISTER_ACCESSES, 1);
        to.write(window, offset, size, value);
      }
    }

    private static boolean isCall(long gpa) {
      return gpa >= KvmLayout.BRIDGE_CALLS
          && gpa < KvmLayout.BRIDGE_CALLS + KvmLayout.BRIDGE_CALLS_SIZE;
    }

    @Override
    public void out(int port, int size, long value) {
      BusEndpoint to = endpoint;
      Bridge called = bridge;
      int slot = KvmLayout.slotOfKickPort(port);
      if (slot >= 0 && slot < bus.slotCount() && size == 4 && to != null) {
        ledger.add(Event.KICKS, 1);
        to.kick(slot, (int) value);
      } else if (KvmLayout.isBridgeSignal(port) && called != null) {
        ledger.add(Event.KICKS, 1);
        called.signal(port - KvmLayout.BRIDGE_SIGNALS, size, value);
      } else if (port == KvmLayout.REPORT_PORT && size == 4) {
        reports.accept((int) value);
      } else if (port == KvmLayout.PANIC_PORT && size == 4) {
        panic((int) value);
      } else {
        stray("wrote", "port", port);
      }
    }

    private int window(long gpa) {
      long at = gpa - KvmLayout.WINDOWS;
      return at >= 0 && at < (long) KvmLayout.MAX_WINDOWS << KvmLayout.WINDOW_SHIFT
          ? (int) (at >>> KvmLayout.WINDOW_SHIFT)
          : -1;
    }

    private int offset(long gpa) {
      return (int) gpa & (1 << KvmLayout.WINDOW_SHIFT) - 1;
    }

    private void stray(String did, String what, long where) {
      if (strays.worthALine()) {
        LOG.warn(
            "{}: guest {} {} 0x{}, where nothing is; ignored ({} times so far)",
            bus.name(),
            did,
            what,
            Long.toHexString(where),
            strays.count());
      }
    }

    private void panic(int code) {
      if (ended == null) {
        ended = "its program gave up with code 0x%x".formatted(code);
        LOG.warn("{}: guest is of no more use: {}", bus.name(), ended);
      }
    }

    @Override
    public void ended(String why) {
      ended = why;
      LOG.warn("{}: guest stopped: {}; its devices are taken away", bus.name(), why);
      detach();
    }
  }
}
