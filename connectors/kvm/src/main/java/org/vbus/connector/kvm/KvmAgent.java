package org.vbus.connector.kvm;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.kvm.guest.AgentMailbox;
import org.vbus.connector.kvm.guest.AgentMailbox.Operation;
import org.vbus.connector.kvm.guest.AgentProgram;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.Vectors;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.InterruptSink;

/// North half for a guest in Java: its register accesses and kicks are made by a real vCPU, which
/// also takes its interrupts and hands them on.
///
/// ```
///   Java guest -- AgentMailbox, interrupt --> vCPU -- access, exit --> KvmHost
///   GuestCpu  <-- report of the vector ------ vCPU <-- MSI ----------- SignalPolicy
/// ```
///
/// An access costs two ways through the guest, so this is for reach and for tests, not for speed.
/// Accesses after the machine has gone read 0 and do nothing. Any thread; one access at a time.
public final class KvmAgent implements GuestConnector {
  /// Guest-physical address of the memory that the Java guest has; below it is the agent's.
  public static final long MEMORY_BASE = 1L << 20;

  private static final long LOOK = 1_000_000;

  private final KvmHost host;
  private final MemorySegment memory;
  private final AgentMailbox mailbox;
  private final InterruptSink interrupts;
  private volatile @Nullable Thread waiting;
  private volatile boolean ready;
  private volatile boolean gone;

  /// Loads the agent into a machine that was not started.
  public KvmAgent(KvmHost host, InterruptSink interrupts) {
    this.host = host;
    this.interrupts = interrupts;
    this.memory = host.memory().asSlice(MEMORY_BASE);
    this.mailbox = new AgentMailbox(host.memory());
    host.load(new AgentProgram());
    host.onReport(this::report);
    host.onClose(this::leave);
  }

  /// On the vCPU's thread.
  private void report(int what) {
    if (what == AgentProgram.COMMAND_DONE || what == GuestState.READY.code()) {
      ready = true;
      LockSupport.unpark(waiting);
    } else if (Interrupts.isVector(what)) {
      interrupts.interrupt(what);
    }
  }

  /// The machine runs no more; its memory is about to go.
  private void leave() {
    gone = true;
    synchronized (this) {
      // An access that was under way has seen it and left.
      waiting = null;
    }
  }

  private synchronized long access(Operation operation, long place, long value) {
    waiting = Thread.currentThread();
    try {
      while (!ready) {
        if (!await()) {
          return 0;
        }
      }
      if (gone) {
        return 0;
      }
      mailbox.post(operation, place, value);
      host.interrupt(Vectors.CONTROL);
      while (!gone && !mailbox.done()) {
        if (!await()) {
          return 0;
        }
      }
      return gone ? 0 : mailbox.value();
    } finally {
      waiting = null;
    }
  }

  /// Waits a little; whether it is worth waiting on.
  private boolean await() {
    LockSupport.parkNanos(this, LOOK);
    return !gone && host.ended() == null && !Thread.currentThread().isInterrupted();
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public long memoryBase() {
    return MEMORY_BASE;
  }

  @Override
  public long read(int window, int offset, int size) {
    return inWindow(window, offset)
        ? access(Operation.read(size), KvmLayout.window(window) + offset, 0)
        : 0;
  }

  @Override
  public void write(int window, int offset, int size, long value) {
    if (inWindow(window, offset)) {
      long _ = access(Operation.write(size), KvmLayout.window(window) + offset, value);
    }
  }

  private static boolean inWindow(int window, int offset) {
    return window >= 0
        && window < KvmLayout.MAX_WINDOWS
        && offset >= 0
        && offset < 1 << KvmLayout.WINDOW_SHIFT;
  }

  @Override
  public void kick(int slot, int queue) {
    long _ = access(Operation.OUT, KvmLayout.kickPort(slot), queue);
  }

  @Override
  public void close() {}
}
