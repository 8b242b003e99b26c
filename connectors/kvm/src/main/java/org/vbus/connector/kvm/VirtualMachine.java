package org.vbus.connector.kvm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.connector.kvm.guest.GuestEntry;
import org.vbus.linux.CpuAffinity;
import org.vbus.linux.Errno;
import org.vbus.linux.Kvm;
import org.vbus.linux.KvmExit;
import org.vbus.linux.KvmMachine;
import org.vbus.linux.KvmVcpu;

/// A virtual machine with one vCPU, and the thread that runs it: enters the guest, handles what it
/// left for, and enters again.
///
/// ```
///   run() -- MMIO ---> Traps.read, Traps.write --+
///     ^  \-- IO -----> Traps.out                 |   interrupts, halts and doorbells of the kernel
///     |                                          |   never come here
///     +------------------------------------------+
/// ```
///
/// [#start(GuestEntry)] and [#close()] belong to one thread; the rest may be called by any.
public final class VirtualMachine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VirtualMachine.class);

  /// What a guest reads from a port or an address where nothing is.
  static final long NOTHING = -1;

  private final KvmMachine machine;
  private final KvmVcpu vcpu;
  private final Traps traps;
  private final Thread thread;
  private final AtomicLongArray exits = new AtomicLongArray(UserExit.values().length);
  private volatile boolean stopping;
  private @Nullable BitSet processors;

  /// A machine that does not run yet.
  ///
  /// @param name of the thread
  /// @param memory the guest's, from address 0 on; must outlive this
  /// @throws IOException with a line that says what to do
  public VirtualMachine(Kvm kvm, String name, MemorySegment memory, Traps traps)
      throws IOException {
    this.traps = traps;
    machine = kvm.createMachine();
    try {
      machine.createInterruptController();
      machine.memory(0, 0, memory);
      vcpu = machine.createVcpu(0);
    } catch (IOException | RuntimeException e) {
      machine.close();
      throw e;
    }
    thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  /// Interrupts and doorbells.
  public KvmMachine machine() {
    return machine;
  }

  /// Statistics.
  public KvmVcpu vcpu() {
    return vcpu;
  }

  /// Confines the vCPU to these processors. Before [#start(GuestEntry)].
  public void pin(BitSet to) {
    processors = to;
  }

  /// Starts the guest.
  public void start(GuestEntry entry) throws IOException {
    vcpu.longMode(entry.mode());
    vcpu.registers(entry.registers());
    thread.start();
  }

  /// How often the vCPU came back to this process.
  public long exits(UserExit why) {
    return exits.get(why.ordinal());
  }

  private void count(UserExit why) {
    exits.lazySet(why.ordinal(), exits.getPlain(why.ordinal()) + 1);
  }

  private void run() {
    try {
      pinSelf();
      String why = null;
      while (why == null && !stopping) {
        why = handle(vcpu.run());
      }
      if (why != null && !stopping) {
        traps.ended(why);
      }
    } catch (RuntimeException | Error e) {
      LOG.error("{} failed", thread.getName(), e);
      traps.ended("failure of the host: " + e);
    }
  }

  private void pinSelf() {
    BitSet to = processors;
    if (to != null) {
      try {
        CpuAffinity.set(to);
      } catch (IOException e) {
        LOG.warn("{}: {}", thread.getName(), e.getMessage());
      }
    }
  }

  /// Does what the guest left for.
  ///
  /// @return why it cannot be entered again, null if it can
  private @Nullable String handle(int reason) {
    return switch (reason) {
      case KvmExit.MMIO -> memoryAccess(vcpu.exit());
      case KvmExit.IO -> portAccess(vcpu.exit());
      case -Errno.EINTR, -Errno.EAGAIN -> {
        count(UserExit.SIGNAL);
        yield null;
      }
      default -> {
        count(UserExit.OTHER);
        yield reason < 0 ? "KVM_RUN: " + Errno.describe(-reason) : vcpu.exit() + where();
      }
    };
  }

  private @Nullable String memoryAccess(KvmExit exit) {
    long at = exit.mmioAddress();
    if (exit.mmioIsWrite()) {
      count(UserExit.MMIO_WRITE);
      traps.write(at, exit.mmioSize(), exit.mmioValue());
    } else {
      count(UserExit.MMIO_READ);
      exit.mmioAnswer(traps.read(at, exit.mmioSize()));
    }
    return null;
  }

  private @Nullable String portAccess(KvmExit exit) {
    if (exit.ioIsWrite()) {
      count(UserExit.PORT_WRITE);
      traps.out(exit.ioPort(), exit.ioSize(), exit.ioValue());
    } else {
      count(UserExit.PORT_READ);
      exit.ioAnswer(NOTHING);
    }
    return null;
  }

  private String where() {
    try {
      return " at 0x%x".formatted(vcpu.registers().rip());
    } catch (IOException e) {
      return "";
    }
  }

  /// Ends the guest, wherever it is, and gives everything back but the memory. Not on the vCPU's
  /// thread.
  @Override
  public void close() {
    stopping = true;
    vcpu.stop();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    machine.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
