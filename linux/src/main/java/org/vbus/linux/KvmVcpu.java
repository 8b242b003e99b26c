package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A virtual processor. One platform thread runs it: it lends itself to the guest in [#run()] and
/// gets itself back when the guest needs something, which [#exit()] describes.
///
/// Before the first run: [#longMode(KvmLongMode)], [#registers(KvmRegisters)]. These belong to the
/// thread that runs, or to nobody while none does. [#stop()], [#close()] and [#statistics()] may be
/// called by any thread.
public final class KvmVcpu implements AutoCloseable {
  private static final long KVM_RUN = 0xae80;
  private static final long KVM_GET_REGS = 0x8090ae81L;
  private static final long KVM_SET_REGS = 0x4090ae82L;
  private static final long KVM_GET_SREGS = 0x8138ae83L;
  private static final long KVM_SET_SREGS = 0x4138ae84L;
  private static final long KVM_SET_CPUID2 = 0x4008ae90L;
  private static final long KVM_SET_MP_STATE = 0x4004ae99L;

  private static final VarHandle BYTE = JAVA_BYTE.varHandle().withInvokeExactBehavior();

  /// Nanoseconds from one signal to a thread that does not come back to the next.
  private static final long PATIENCE = 1_000_000;

  private final String what;
  private final Fd fd;
  private final Arena arena;
  private final MemorySegment run;
  private final KvmExit exit;
  private final KvmStatistics statistics;
  private final Object control = new Object();

  private @Nullable Thread runner;
  private int runnerNumber;
  private volatile boolean running;

  private boolean closed;

  private KvmVcpu(String what, Fd fd, Arena arena, MemorySegment run, KvmStatistics statistics) {
    this.what = what;
    this.fd = fd;
    this.arena = arena;
    this.run = run;
    this.statistics = statistics;
    exit = new KvmExit(run);
  }

  /// Takes ownership of `fd`.
  static KvmVcpu create(String what, int id, Fd fd, Kvm kvm) throws SystemCallException {
    Arena arena = Arena.ofShared();
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment run = SharedMemory.map(what, fd, 0, kvm.vcpuMapping(), arena);
      MemorySegment cpuid = kvm.supportedCpuid(scratch);
      KvmCpuid.setApicId(cpuid, id);
      int _ = SystemCallException.check(what, "KVM_SET_CPUID2", fd.ioctl(KVM_SET_CPUID2, cpuid));
      // Now, because a request to a vCPU in its guest waits until it comes back.
      return new KvmVcpu(what, fd, arena, run, KvmStatistics.of("statistics of " + what, fd));
    } catch (SystemCallException | RuntimeException e) {
      arena.close();
      fd.close();
      throw e;
    }
  }

  /// Puts the vCPU into 64-bit mode and makes it runnable, also one that is not the first.
  public void longMode(KvmLongMode mode) throws SystemCallException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment special = scratch.allocate(KvmLongMode.BYTES, Long.BYTES);
      call("KVM_GET_SREGS", KVM_GET_SREGS, special);
      mode.write(special);
      call("KVM_SET_SREGS", KVM_SET_SREGS, special);
      // KVM_MP_STATE_RUNNABLE is 0.
      call("KVM_SET_MP_STATE", KVM_SET_MP_STATE, scratch.allocate(Integer.BYTES, Integer.BYTES));
    }
  }

  /// After a read the guest is not done with it until the next [#run()].
  public KvmRegisters registers() throws SystemCallException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment general = scratch.allocate(KvmRegisters.BYTES, Long.BYTES);
      call("KVM_GET_REGS", KVM_GET_REGS, general);
      return KvmRegisters.read(general);
    }
  }

  public void registers(KvmRegisters registers) throws SystemCallException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment general = scratch.allocate(KvmRegisters.BYTES, Long.BYTES);
      registers.write(general);
      call("KVM_SET_REGS", KVM_SET_REGS, general);
    }
  }

  private void call(String name, long request, MemorySegment argument) throws SystemCallException {
    int _ = SystemCallException.check(what, name, fd.ioctl(request, argument));
  }

  /// Enters the guest and returns when it left. Allocates nothing, except when another thread ran
  /// the vCPU before.
  ///
  /// @return a constant of [KvmExit], or a negative [Errno]: `-EINTR` after a signal, and always
  ///   once stopped and done with an access in progress; `-EBADF` once closed
  public int run() {
    if (Thread.currentThread() != runner) {
      become(Thread.currentThread());
    }
    // [MO-KVM-1] VOLATILE running. Partner: MO-KVM-2.
    // Orders: running, before the kernel's look at immediate_exit.
    running = true;
    int result = fd.ioctl(KVM_RUN, 0);
    int reason = result < 0 ? result : exit.reason();
    running = false;
    return reason;
  }

  private void become(Thread thread) {
    if (thread.isVirtual()) {
      throw new IllegalStateException("a vCPU needs a platform thread");
    }
    runnerNumber = ThreadSignal.accept();
    runner = thread;
  }

  /// What the last [#run()] returned for.
  public KvmExit exit() {
    return exit;
  }

  /// Ends the guest's time for good: a [#run()] in progress returns, whether the guest spins or
  /// sleeps, and later ones return at once. Has ended when this returns, unless it is the thread
  /// that runs the vCPU who calls.
  public void stop() {
    synchronized (control) {
      if (!closed) {
        // [MO-KVM-2] VOLATILE immediate_exit. Partner: MO-KVM-1, with the kernel as the reader.
        // Orders: immediate_exit, before the look at running and before the signal; the kernel
        // looks at the byte, then, as it enters the guest, for signals: it sees one of the two.
        BYTE.setVolatile(run, KvmExit.IMMEDIATE_EXIT, (byte) 1);
        awaitReturn();
      }
    }
  }

  private void awaitReturn() {
    boolean interrupted = false;
    while (running) {
      ThreadSignal.send(runnerNumber);
      LockSupport.parkNanos(PATIENCE);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Counters of this vCPU: `exits` and its kinds, `halt_exits`, `irq_injections` and so on.
  public KvmStatistics statistics() {
    return statistics;
  }

  /// Stops it, waits for [#run()] to return and gives everything back. The id is not free again
  /// before the machine is closed.
  @Override
  public void close() {
    synchronized (control) {
      if (closed) {
        return;
      }
      stop();
      closed = true;
      fd.close();
      awaitReturn();
      statistics.close();
      arena.close();
    }
  }
}
