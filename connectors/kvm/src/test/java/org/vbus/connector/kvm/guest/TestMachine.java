package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.bridge.Bridge;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusEndpoint;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.linux.Kvm;
import org.vbus.linux.KvmExit;
import org.vbus.linux.KvmMachine;
import org.vbus.linux.KvmVcpu;

/// A guest on `/dev/kvm` with a bus of echo devices: just enough of a host to see what the guest
/// does. Every access leaves the guest and is answered by the thread of the vCPU.
final class TestMachine implements AutoCloseable {
  /// How a guest's time ended.
  static final String PANIC = "panic";

  private static final long MEMORY = 4L << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final GuestCounters counters;
  final GuestControl control;
  final MemorySegment memory;
  final Bus bus;
  final AtomicLong signals = new AtomicLong();
  private final Arena arena = Arena.ofShared();
  private final Kvm kvm;
  private final KvmMachine machine;
  private final KvmVcpu vcpu;
  private final PollLoop loop;
  private final MappedMemory guestMemory;
  private final BusEndpoint endpoint;
  private final Thread thread;
  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
  private @Nullable Bridge bridge;
  private @Nullable IntConsumer afterKick;

  /// Skips the test, with the reason, where there is no KVM.
  static void required() {
    String problem = Kvm.problem();
    assumeTrue(problem.isEmpty(), problem);
  }

  TestMachine(GuestProgram program, SignalPolicy policy, int devices) throws Exception {
    required();
    memory = arena.allocate(MEMORY, 4096);
    counters = new GuestCounters(memory);
    control = new GuestControl(memory);
    kvm = Kvm.open();
    machine = kvm.createMachine();
    machine.memory(0, 0, memory);
    machine.createInterruptController();
    vcpu = machine.createVcpu(0);
    final GuestEntry entry = program.install(memory);
    vcpu.longMode(entry.mode());
    vcpu.registers(entry.registers());
    bus = new Bus("test", Math.max(1, devices) + 2);
    loop = new PollLoop("test-loop", new ParkWaiter(), Idle.BLOCK);
    for (int i = 0; i < devices; i++) {
      bus.plug("echo" + i, new EchoDevice());
    }
    guestMemory = new MappedMemory(List.of(new MemoryRegion(0, memory)));
    endpoint = new BusEndpoint(bus, guestMemory, this::signal, policy, LoopMap.single(loop));
    thread = Thread.ofPlatform().name("test-vcpu").unstarted(this::run);
  }

  /// Shows the devices by the historical bridge instead of register windows.
  TestMachine bridged() {
    endpoint.close();
    bridge = new Bridge(bus, guestMemory, () -> signal(Vectors.BRIDGE), LoopMap.single(loop));
    return this;
  }

  /// Lets nobody but `listener` run the devices, by [#step()]: it is called after each kick, with
  /// the slot, while the guest is stopped.
  TestMachine stepped(IntConsumer listener) {
    afterKick = listener;
    return this;
  }

  /// Lets the devices do all they can.
  void step() {
    int work;
    do {
      work = loop.doWork();
    } while (work > 0);
  }

  TestMachine start() {
    if (afterKick == null) {
      loop.start();
    }
    thread.start();
    return this;
  }

  private void signal(int vector) {
    signals.incrementAndGet();
    interrupt(vector);
  }

  /// Interrupts the guest.
  void interrupt(int vector) {
    assertThat(machine.signalMsi(KvmLayout.LOCAL_APIC, vector)).isNotNegative();
  }

  /// Waits for the guest to report something, or to end.
  String report() throws InterruptedException {
    String report = reports.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return report == null ? "nothing: " + counters : report;
  }

  /// Waits for the first instructions of a guest that reports nothing.
  GuestState awaitRunning() {
    while (counters.state() == GuestState.BOOTING && !ended()) {
      Thread.onSpinWait();
    }
    return counters.state();
  }

  /// Whether the vCPU runs no more.
  boolean ended() {
    return !thread.isAlive();
  }

  /// Lets a guest that is ready make all its requests.
  void allow(long requests) {
    if (control.allow(requests)) {
      interrupt(Vectors.CONTROL);
    }
  }

  private void run() {
    KvmExit exit = vcpu.exit();
    while (true) {
      int reason = vcpu.run();
      if (reason < 0) {
        return;
      }
      switch (reason) {
        case KvmExit.IO -> io(exit);
        case KvmExit.MMIO -> mmio(exit);
        default -> {
          reports.add(exit.toString());
          return;
        }
      }
    }
  }

  private void io(KvmExit exit) {
    int port = exit.ioPort();
    if (!exit.ioIsWrite()) {
      exit.ioAnswer(-1);
      return;
    }
    int value = (int) exit.ioValue();
    if (port == KvmLayout.REPORT_PORT) {
      reports.add(Integer.toString(value));
    } else if (port == KvmLayout.PANIC_PORT) {
      reports.add(PANIC + " " + counters.panic());
    } else if (port >= KvmLayout.BRIDGE_SIGNALS) {
      if (bridge != null) {
        bridge.signal(port - KvmLayout.BRIDGE_SIGNALS, exit.ioSize(), value);
      }
    } else if (port >= KvmLayout.KICK_PORTS) {
      int slot = (port - KvmLayout.KICK_PORTS) / KvmLayout.KICK_PORT_STEP;
      endpoint.kick(slot, value);
      if (afterKick != null) {
        afterKick.accept(slot);
      }
    }
  }

  private void mmio(KvmExit exit) {
    long address = exit.mmioAddress();
    long window = (address - KvmLayout.WINDOWS) >> KvmLayout.WINDOW_SHIFT;
    int offset = (int) address & ((1 << KvmLayout.WINDOW_SHIFT) - 1);
    boolean call = address >= KvmLayout.BRIDGE_CALLS && address < KvmLayout.WINDOWS;
    if (call && bridge != null) {
      if (exit.mmioIsWrite()) {
        bridge.writeCalls(
            (int) (address - KvmLayout.BRIDGE_CALLS), exit.mmioSize(), exit.mmioValue());
      } else {
        exit.mmioAnswer(
            bridge.readCalls((int) (address - KvmLayout.BRIDGE_CALLS), exit.mmioSize()));
      }
    } else if (window < 0 || window >= KvmLayout.MAX_WINDOWS) {
      if (!exit.mmioIsWrite()) {
        exit.mmioAnswer(0);
      }
    } else if (exit.mmioIsWrite()) {
      endpoint.write((int) window, offset, exit.mmioSize(), exit.mmioValue());
    } else {
      exit.mmioAnswer(endpoint.read((int) window, offset, exit.mmioSize()));
    }
  }

  @Override
  public void close() throws IOException {
    vcpu.stop();
    endpoint.close();
    if (bridge != null) {
      bridge.close();
    }
    loop.close();
    vcpu.close();
    machine.close();
    kvm.close();
    arena.close();
  }
}
