package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/// A machine of 2 MiB with one vCPU in 64-bit mode at the first byte of a few lines of machine
/// code. All of the first 4 GiB are mapped one to one. Vector 0x20 calls an interrupt handler that
/// writes [#HANDLED] to [#PORT].
final class KvmGuest implements AutoCloseable {
  /// Guests tell what they have to say here, 32 bits at a time.
  static final int PORT = 0x510;

  /// An address without memory.
  static final long DEVICE = 0xd000_0000L;

  static final int VECTOR = 0x20;
  static final int HANDLED = 0x41;
  static final long LOCAL_APIC = 0xfee0_0000L;

  /// edx is [#PORT].
  static final String SAY_EAX = "ef";

  static final String SPIN = "eb fe";
  static final String HALT = "f4";

  /// Switches the local APIC on as an x2APIC and says so, then halts for ever with interrupts on.
  static final String WAIT_FOR_INTERRUPTS =
      """
      b9 1b 00 00 00     mov ecx, 0x1b
      0f 32              rdmsr
      0d 00 0c 00 00     or eax, 0xc00
      0f 30              wrmsr
      b9 0f 08 00 00     mov ecx, 0x80f
      b8 ff 01 00 00     mov eax, 0x1ff
      31 d2              xor edx, edx
      0f 30              wrmsr
      66 ba 10 05        mov dx, 0x510
      ef                 out dx, eax
      fb                 sti
      f4                 hlt
      eb fc              jmp sti
      """;

  private static final String HANDLER =
      """
      50                 push rax
      51                 push rcx
      52                 push rdx
      b8 41 00 00 00     mov eax, 0x41
      66 ba 10 05        mov dx, 0x510
      ef                 out dx, eax
      b9 0b 08 00 00     mov ecx, 0x80b
      31 c0              xor eax, eax
      31 d2              xor edx, edx
      0f 30              wrmsr
      5a                 pop rdx
      59                 pop rcx
      58                 pop rax
      48 cf              iretq
      """;

  private static final long SIZE = 1 << 21;
  private static final long GDT = 0x1000;
  private static final long TSS = 0x1080;
  private static final long PML4 = 0x2000;
  private static final long PDPT = 0x3000;
  private static final long PAGE_DIRECTORIES = 0x4000;
  private static final long IDT = 0x8000;
  private static final long CODE = 0x10000;
  private static final long HANDLER_CODE = 0x11000;
  private static final long STACK = 0x30000;
  private static final int CODE_SELECTOR = 8;
  private static final int DATA_SELECTOR = 16;
  private static final int TASK_SELECTOR = 24;

  private static final String PROBLEM = Kvm.problem();

  private final Kvm kvm;
  private final SharedMemory memory;
  final KvmMachine machine;
  final KvmVcpu vcpu;

  /// @param listing lines of machine code in hexadecimal, with anything behind two spaces
  KvmGuest(String listing) throws SystemCallException {
    assumeUsable();
    kvm = Kvm.open();
    memory = SharedMemory.create("vbus-test-guest", SIZE);
    machine = kvm.createMachine();
    machine.createInterruptController();
    machine.memory(0, 0, memory.segment());
    writeTables(memory.segment());
    write(memory.segment(), CODE, listing);
    write(memory.segment(), HANDLER_CODE, HANDLER);
    vcpu = createVcpu(0);
  }

  /// Another vCPU that begins like the first: rsi is [#DEVICE], edx is [#PORT].
  KvmVcpu createVcpu(int id) throws SystemCallException {
    KvmVcpu created = machine.createVcpu(id);
    created.longMode(
        new KvmLongMode(
            PML4, GDT, 0x27, IDT, 0xfff, TSS, CODE_SELECTOR, DATA_SELECTOR, TASK_SELECTOR));
    created.registers(KvmRegisters.at(CODE, STACK).withArguments(0, DEVICE, PORT));
    return created;
  }

  static void assumeUsable() {
    assumeTrue(PROBLEM.isEmpty(), PROBLEM);
  }

  private static void writeTables(MemorySegment memory) {
    memory.set(JAVA_LONG, GDT + CODE_SELECTOR, 0x00af_9b00_0000_ffffL);
    memory.set(JAVA_LONG, GDT + DATA_SELECTOR, 0x00cf_9300_0000_ffffL);
    memory.set(JAVA_LONG, GDT + TASK_SELECTOR, 0x0000_8b00_0000_0067L | TSS << 16);
    memory.set(JAVA_LONG, PML4, PDPT | 3);
    for (int gib = 0; gib < 4; gib++) {
      long directory = PAGE_DIRECTORIES + gib * 0x1000L;
      memory.set(JAVA_LONG, PDPT + gib * 8L, directory | 3);
      for (int i = 0; i < 512; i++) {
        // Present, writable, 2 MiB; not cached in the last GiB, where the local APIC is.
        memory.set(
            JAVA_LONG, directory + i * 8L, (gib * 512L + i) * SIZE + 0x83 + (gib == 3 ? 0x18 : 0));
      }
    }
    long gate = IDT + VECTOR * 16L;
    // Present, 64-bit interrupt gate; the address of the handler is in three pieces.
    memory.set(
        JAVA_LONG,
        gate,
        0x8e00_0000_0000L
            | ((HANDLER_CODE >>> 16) << 48)
            | (CODE_SELECTOR << 16)
            | (HANDLER_CODE & 0xffff));
  }

  private static void write(MemorySegment memory, long at, String listing) {
    long to = at;
    for (String line : listing.lines().toList()) {
      byte[] code = HexFormat.of().parseHex(line.replaceFirst("  .*", "").replace(" ", ""));
      MemorySegment.copy(code, 0, memory, JAVA_BYTE, to, code.length);
      to += code.length;
    }
  }

  /// Runs until the guest says something.
  ///
  /// @return what it said
  long said() {
    int reason;
    do {
      reason = vcpu.run();
    } while (reason == -Errno.EINTR);
    if (reason != KvmExit.IO || !vcpu.exit().ioIsWrite() || vcpu.exit().ioPort() != PORT) {
      throw new AssertionError(reason + ": " + vcpu.exit());
    }
    return vcpu.exit().ioValue();
  }

  @Override
  public void close() {
    machine.close();
    memory.close();
    kvm.close();
  }
}
