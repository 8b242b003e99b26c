package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// General registers of a vCPU, in the order of `struct kvm_regs`.
public record KvmRegisters(
    long rax,
    long rbx,
    long rcx,
    long rdx,
    long rsi,
    long rdi,
    long rsp,
    long rbp,
    long r8,
    long r9,
    long r10,
    long r11,
    long r12,
    long r13,
    long r14,
    long r15,
    long rip,
    long rflags) {
  static final long BYTES = 18 * Long.BYTES;

  /// Bit 1 is always set; interrupts are off.
  private static final long RFLAGS = 2;

  /// To begin at `rip` with interrupts off and all else zero.
  ///
  /// @param rsp top of the stack
  public static KvmRegisters at(long rip, long rsp) {
    return new KvmRegisters(0, 0, 0, 0, 0, 0, rsp, 0, 0, 0, 0, 0, 0, 0, 0, 0, rip, RFLAGS);
  }

  /// With the first three arguments of a function (System V calling convention).
  public KvmRegisters withArguments(long rdi, long rsi, long rdx) {
    return new KvmRegisters(
        rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags);
  }

  static KvmRegisters read(MemorySegment from) {
    return new KvmRegisters(
        at(from, 0),
        at(from, 1),
        at(from, 2),
        at(from, 3),
        at(from, 4),
        at(from, 5),
        at(from, 6),
        at(from, 7),
        at(from, 8),
        at(from, 9),
        at(from, 10),
        at(from, 11),
        at(from, 12),
        at(from, 13),
        at(from, 14),
        at(from, 15),
        at(from, 16),
        at(from, 17));
  }

  void write(MemorySegment to) {
    long[] all = {
      rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags
    };
    MemorySegment.copy(all, 0, to, JAVA_LONG, 0, all.length);
  }

  private static long at(MemorySegment from, int index) {
    return from.getAtIndex(JAVA_LONG, index);
  }
}
