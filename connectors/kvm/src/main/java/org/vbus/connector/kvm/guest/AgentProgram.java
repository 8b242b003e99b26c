package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Memory.at;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSI;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.guest.AgentMailbox.Operation;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Size;

/// A guest that does accesses on behalf of software elsewhere, and tells it of interrupts: with it
/// a guest in Java has a real processor for its registers, kicks and interrupts.
///
/// ```
///   Java                                   guest                       host
///   AgentMailbox.post, CONTROL interrupt -> access, out, ...  -- exit -> answers
///                                           report COMMAND_DONE ------>  "done" to Java
///   device's interrupt ------------------>  bit in the mailbox, end of interrupt
///                                           report of the vector ----->  "vector" to Java
/// ```
///
/// Reports are words at [KvmLayout#REPORT_PORT]: [GuestState#READY] once, vectors from
/// [KvmLayout#FIRST_VECTOR] on below [Vectors#CONTROL], and [#COMMAND_DONE].
public final class AgentProgram implements GuestProgram {
  /// Report: the command in the mailbox is done.
  public static final int COMMAND_DONE = 0x100;

  /// For anybody.
  public AgentProgram() {}

  @Override
  public GuestEntry install(MemorySegment memory) {
    GuestImage image = new GuestImage(memory);
    writeInterrupts(image);
    writeMain(image);
    return image.finish();
  }

  /// A stub per vector gives its number to the code they share.
  private static void writeInterrupts(GuestImage image) {
    Assembler a = image.code();
    GuestCode guest = image.guestCode();
    image.vector(
        Vectors.CONTROL, guest.interrupt("control", GuestCounter.CONTROL_INTERRUPTS, () -> {}));
    Label shared = a.mark("device");
    guest.handle(
        GuestCounter.DEVICE_INTERRUPTS,
        () -> {
          a.lock().bts(qwordAt(AgentMailbox.VECTORS), RAX);
          a.mov(RDX, KvmLayout.REPORT_PORT);
          a.outDword();
        });
    for (int vector = KvmLayout.FIRST_VECTOR; vector < Vectors.CONTROL; vector++) {
      image.vector(vector, a.mark("vector " + vector));
      a.push(RAX);
      a.mov(RAX, vector);
      a.jmp(shared);
    }
  }

  private static void writeMain(GuestImage image) {
    Assembler a = image.code();
    GuestCode guest = image.guestCode();
    image.entry();
    guest.enableApic();
    guest.enter(GuestState.READY);

    final Label main = a.mark("main");
    final Label command = a.label("command");
    final Label done = a.label("done");
    a.cli();
    // [MO-GUEST-12] ACQUIRE command; x86 loads are. Partner: MO-GUEST-11. Orders: it before place
    // and value.
    a.mov(RAX, dwordAt(AgentMailbox.COMMAND));
    a.test(RAX, RAX);
    a.jcc(NOT_ZERO, command);
    guest.count(GuestCounter.HALTS);
    a.sti();
    a.hlt();
    a.jmp(main);

    a.bind(command);
    a.sti();
    a.mov(RSI, qwordAt(AgentMailbox.PLACE));
    a.mov(RBX, qwordAt(AgentMailbox.VALUE));
    Map<Operation, Label> operations = new EnumMap<>(Operation.class);
    for (Operation operation : Operation.values()) {
      Label label = a.label(operation.name());
      operations.put(operation, label);
      a.cmp(RAX, operation.code());
      a.jcc(EQUAL, label);
    }
    a.jmp(done);
    operations.forEach((operation, label) -> {
      a.bind(label);
      writeOperation(a, operation);
      a.jmp(done);
    });
    a.bind(done);
    a.mov(qwordAt(AgentMailbox.VALUE), RBX);
    // [MO-GUEST-14] RELEASE command = 0; x86 stores are. Partner: MO-GUEST-13. Orders: the value
    // before it.
    a.mov(dwordAt(AgentMailbox.COMMAND), 0);
    guest.report(COMMAND_DONE);
    a.jmp(main);
  }

  private static void writeOperation(Assembler a, Operation operation) {
    switch (operation) {
      case READ_8 -> a.mov(RBX, at(Size.BYTE, RSI, 0));
      case READ_16 -> a.mov(RBX, at(Size.WORD, RSI, 0));
      case READ_32 -> a.mov(RBX, at(Size.DWORD, RSI, 0));
      case READ_64 -> a.mov(RBX, at(Size.QWORD, RSI, 0));
      case WRITE_8 -> a.mov(at(Size.BYTE, RSI, 0), RBX);
      case WRITE_16 -> a.mov(at(Size.WORD, RSI, 0), RBX);
      case WRITE_32 -> a.mov(at(Size.DWORD, RSI, 0), RBX);
      case WRITE_64 -> a.mov(at(Size.QWORD, RSI, 0), RBX);
      case OUT -> {
        a.mov(RDX, RSI);
        a.mov(RAX, RBX);
        a.outDword();
      }
    }
  }
}
