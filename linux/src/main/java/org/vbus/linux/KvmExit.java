package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/// Why a vCPU left the guest, and what the guest waits for: a view of `struct kvm_run` that shows
/// the last [KvmVcpu#run()]. The constants are what that returns.
///
/// ```
/// switch (vcpu.run()) {
///   case KvmExit.MMIO -> if (exit.mmioIsWrite()) write(exit.mmioAddress(), exit.mmioValue()) ...
///   case KvmExit.IO -> ...
/// ```
///
/// To be used by the thread that runs the vCPU. A read is answered before the next run, which puts
/// the answer into the guest's register. Nothing here allocates but [#toString()]; nothing here
/// works once the vCPU is closed.
public final class KvmExit {
  public static final int UNKNOWN = 0;
  public static final int EXCEPTION = 1;

  /// `in` or `out`.
  public static final int IO = 2;

  public static final int HYPERCALL = 3;
  public static final int DEBUG = 4;

  /// `hlt`, only without interrupt controllers in the kernel: with them the kernel waits.
  public static final int HLT = 5;

  /// An access to an address without memory.
  public static final int MMIO = 6;

  public static final int IRQ_WINDOW_OPEN = 7;

  /// The guest's processor shut down: a triple fault, usually.
  public static final int SHUTDOWN = 8;

  /// The processor refused the guest's state: see [#failEntryReason()].
  public static final int FAIL_ENTRY = 9;

  /// A signal arrived; [KvmVcpu#run()] reports it as `-EINTR`.
  public static final int INTR = 10;

  /// KVM cannot go on: see [#suberror()].
  public static final int INTERNAL_ERROR = 17;

  public static final int SYSTEM_EVENT = 24;
  public static final int IOAPIC_EOI = 26;
  public static final int MEMORY_FAULT = 39;

  static final long IMMEDIATE_EXIT = 1;
  private static final long REASON = 8;

  private static final long IO_DIRECTION = 32;
  private static final long IO_SIZE = 33;
  private static final long IO_PORT = 34;
  private static final long IO_COUNT = 36;
  private static final long IO_DATA_OFFSET = 40;

  private static final long MMIO_ADDRESS = 32;
  private static final long MMIO_DATA = 40;
  private static final long MMIO_LENGTH = 48;
  private static final long MMIO_IS_WRITE = 52;

  private static final long FAIL_REASON = 32;

  private static final long SUBERROR = 32;
  private static final long SUBERROR_FLAGS = 40;
  private static final long INSTRUCTION_SIZE = 48;
  private static final long INSTRUCTION = 49;
  private static final int LONGEST_INSTRUCTION = 15;
  private static final int EMULATION = 1;

  private final MemorySegment run;

  /// @param run the mapping of a vCPU
  KvmExit(MemorySegment run) {
    this.run = run;
  }

  /// One of the constants, or another `KVM_EXIT_*`.
  public int reason() {
    return run.get(JAVA_INT, REASON);
  }

  public int ioPort() {
    return Short.toUnsignedInt(run.get(JAVA_SHORT, IO_PORT));
  }

  /// Bytes of one access: 1, 2 or 4.
  public int ioSize() {
    return run.get(JAVA_BYTE, IO_SIZE);
  }

  /// Whether the guest wrote.
  public boolean ioIsWrite() {
    return run.get(JAVA_BYTE, IO_DIRECTION) != 0;
  }

  /// How many accesses of the same port this is: more than 1 for string instructions.
  public int ioCount() {
    return run.get(JAVA_INT, IO_COUNT);
  }

  /// What the guest wrote, of several accesses the first.
  public long ioValue() {
    return load(run.get(JAVA_LONG, IO_DATA_OFFSET), ioSize());
  }

  /// What the guest shall read: the lowest bytes of `value`, the same for each of several accesses.
  public void ioAnswer(long value) {
    int size = ioSize();
    int count = ioCount();
    long at = run.get(JAVA_LONG, IO_DATA_OFFSET);
    for (int i = 0; i < count; i++) {
      store(at + (long) i * size, size, value);
    }
  }

  /// Guest-physical.
  public long mmioAddress() {
    return run.get(JAVA_LONG, MMIO_ADDRESS);
  }

  /// Bytes: 1 to 8, as the guest's instruction has it.
  public int mmioSize() {
    return run.get(JAVA_INT, MMIO_LENGTH);
  }

  /// Whether the guest wrote.
  public boolean mmioIsWrite() {
    return run.get(JAVA_BYTE, MMIO_IS_WRITE) != 0;
  }

  /// What the guest wrote.
  public long mmioValue() {
    return load(MMIO_DATA, mmioSize());
  }

  /// What the guest shall read: the lowest bytes of `value`.
  public void mmioAnswer(long value) {
    run.set(JAVA_LONG, MMIO_DATA, value);
  }

  /// Of [#FAIL_ENTRY]: the processor's code.
  public long failEntryReason() {
    return run.get(JAVA_LONG, FAIL_REASON);
  }

  /// Of [#INTERNAL_ERROR]: 1 an instruction that KVM cannot emulate, 2 an exception met another one
  /// that KVM delivers in software, 3 an exit while an event was delivered, 4 an unexpected exit.
  public int suberror() {
    return run.get(JAVA_INT, SUBERROR);
  }

  private long load(long at, int size) {
    return switch (size) {
      case 1 -> run.get(JAVA_BYTE, at) & 0xffL;
      case 2 -> run.get(JAVA_SHORT_UNALIGNED, at) & 0xffffL;
      case 4 -> run.get(JAVA_INT_UNALIGNED, at) & 0xffff_ffffL;
      default -> {
        long value = 0;
        for (int i = Math.min(size, Long.BYTES) - 1; i >= 0; i--) {
          value = (value << Byte.SIZE) | (run.get(JAVA_BYTE, at + i) & 0xffL);
        }
        yield value;
      }
    };
  }

  private void store(long at, int size, long value) {
    switch (size) {
      case 1 -> run.set(JAVA_BYTE, at, (byte) value);
      case 2 -> run.set(JAVA_SHORT_UNALIGNED, at, (short) value);
      default -> run.set(JAVA_INT_UNALIGNED, at, (int) value);
    }
  }

  /// For people: what happened, with the values of this kind of exit.
  @Override
  public String toString() {
    int reason = reason();
    return switch (reason) {
      case IO ->
          "%s port 0x%x, %d bytes, value 0x%x"
              .formatted(ioIsWrite() ? "out to" : "in from", ioPort(), ioSize(), ioValue());
      case MMIO ->
          "%s 0x%x, %d bytes, value 0x%x"
              .formatted(
                  mmioIsWrite() ? "write to" : "read of", mmioAddress(), mmioSize(), mmioValue());
      case HLT -> "halt without interrupt controllers";
      case SHUTDOWN -> "shutdown (a triple fault, usually)";
      case FAIL_ENTRY -> "entry refused by the processor, reason 0x%x".formatted(failEntryReason());
      case INTR -> "interrupted by a signal";
      case INTERNAL_ERROR -> "internal error of KVM, suberror " + suberror() + instruction();
      default -> "exit reason " + reason;
    };
  }

  private String instruction() {
    if (suberror() != EMULATION || (run.get(JAVA_LONG, SUBERROR_FLAGS) & 1) == 0) {
      return "";
    }
    byte[] bytes =
        new byte[Math.clamp(run.get(JAVA_BYTE, INSTRUCTION_SIZE), 0, LONGEST_INSTRUCTION)];
    MemorySegment.copy(run, JAVA_BYTE, INSTRUCTION, bytes, 0, bytes.length);
    return ", instruction " + HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
