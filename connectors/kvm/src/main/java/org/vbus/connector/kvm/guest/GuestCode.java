package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSP;

import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Condition;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Register;

/// Sequences of instructions that all guests need. Unless something else is said they may change
/// RAX, RCX and RDX.
final class GuestCode {
  private static final int APIC_BASE = 0x1b;
  private static final int APIC_ENABLE_X2 = 0xc00;
  private static final int X2APIC_SPURIOUS = 0x80f;
  private static final int X2APIC_SOFTWARE_ENABLE = 0x100;
  private static final int X2APIC_EOI = 0x80b;

  private final Assembler a;
  private final Label panic;

  GuestCode(Assembler code) {
    this.a = code;
    this.panic = code.label("panic");
  }

  /// Puts the local APIC into the mode in which it is programmed by registers of the processor.
  void enableApic() {
    a.mov(RCX, APIC_BASE);
    a.rdmsr();
    a.or(RAX, APIC_ENABLE_X2);
    a.wrmsr();
    a.mov(RCX, X2APIC_SPURIOUS);
    a.mov(RAX, X2APIC_SOFTWARE_ENABLE | KvmLayout.SPURIOUS_VECTOR);
    a.xor(RDX, RDX);
    a.wrmsr();
  }

  /// The handler of an interrupt: counts it, does `body`, which keeps all registers but RAX, RCX
  /// and RDX, and ends it.
  Label interrupt(String name, GuestCounter counter, Runnable body) {
    Label handler = a.mark(name);
    a.push(RAX);
    handle(counter, body);
    return handler;
  }

  /// The rest of a handler that has saved RAX, which is as it was when `body` begins.
  void handle(GuestCounter counter, Runnable body) {
    a.push(RCX);
    a.push(RDX);
    count(counter);
    body.run();
    a.mov(RCX, X2APIC_EOI);
    a.xor(RAX, RAX);
    a.xor(RDX, RDX);
    a.wrmsr();
    count(GuestCounter.ENDS_OF_INTERRUPT);
    a.pop(RDX);
    a.pop(RCX);
    a.pop(RAX);
    a.iretq();
  }

  /// Adds one; changes no register.
  void count(GuestCounter counter) {
    a.inc(qwordAt(counter.address()));
  }

  /// Says where the guest stands; changes no register.
  void state(GuestState state) {
    a.mov(dwordAt(GuestCounters.ADDRESS + GuestCounters.STATE), state.code());
  }

  /// Writes a word to the report port, where the host stops the guest to read it.
  void report(int word) {
    a.mov(RAX, word);
    a.mov(RDX, KvmLayout.REPORT_PORT);
    a.outDword();
  }

  /// Says so in memory and by the port.
  void enter(GuestState state) {
    state(state);
    report(state.code());
  }

  /// Never goes on, and wastes no time.
  void haltForever() {
    Label forever = a.mark("halt for ever");
    a.cli();
    a.hlt();
    a.jmp(forever);
  }

  /// A full fence; changes no register. (`mfence` is not emulated everywhere.)
  void fence() {
    a.lock().or(dwordAt(RSP, -8), 0);
  }

  /// Gives up.
  void panic(int code) {
    a.mov(RAX, code);
    a.jmp(panic);
  }

  /// Gives up when the flags say so.
  void panicIf(Condition condition, GuestPanic why) {
    a.mov(RAX, why.code());
    a.jcc(condition, panic);
  }

  /// Compares a 32-bit register of a window with what it has to be.
  void expect(Register window, int offset, int value, GuestPanic otherwise) {
    a.mov(RCX, dwordAt(window, offset));
    a.mov(RAX, value & 0xffffffffL);
    a.cmp(RCX, RAX);
    panicIf(Condition.NOT_EQUAL, otherwise);
  }

  /// Writes a 32-bit register of a window; changes no register.
  void write(Register window, int offset, int value) {
    a.mov(dwordAt(window, offset), value);
  }

  /// Writes the low half of a register of the processor to a 32-bit register of a window.
  void write(Register window, int offset, Register value) {
    a.mov(dwordAt(window, offset), value);
  }

  /// The code behind [#panic(int)].
  void finish() {
    a.bind(panic);
    a.cli();
    a.mov(dwordAt(GuestCounters.ADDRESS + GuestCounters.PANIC), RAX);
    for (int i = 0; i < 2; i++) {
      a.mov(RCX, qwordAt(RSP, (long) i * Long.BYTES));
      a.mov(
          qwordAt(GuestCounters.ADDRESS + GuestCounters.PANIC_STACK + (long) i * Long.BYTES), RCX);
    }
    state(GuestState.PANIC);
    a.mov(RDX, KvmLayout.PANIC_PORT);
    a.outDword();
    haltForever();
  }
}
