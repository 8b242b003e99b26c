package org.vbus.connector.kvm.x86;

import static org.vbus.connector.kvm.x86.Size.BYTE;
import static org.vbus.connector.kvm.x86.Size.DWORD;
import static org.vbus.connector.kvm.x86.Size.QWORD;

import java.util.ArrayList;
import java.util.List;

/// Writes machine code, one method per instruction, in the order of the calls. See the package for
/// an example, and Intel's Software Developer's Manual, volume 2, for what each of them does.
///
/// Jumps and calls have 32-bit distances; those to labels that come later are filled in by
/// [#code()]. Not for use by several threads.
public final class Assembler {
  private final long origin;
  private final Encoder out = new Encoder();
  private final List<Fixup> fixups = new ArrayList<>();

  /// A distance at `position` that is to lead to `target`.
  private record Fixup(int position, Label target) {}

  /// Code whose first byte will lie at `origin`.
  public Assembler(long origin) {
    this.origin = origin;
  }

  /// The code so far.
  ///
  /// @throws IllegalStateException when a label was used and not bound
  public byte[] code() {
    for (Fixup fixup : fixups) {
      out.patch32(fixup.position, fixup.target.position() - fixup.position - Integer.BYTES);
    }
    return out.bytes();
  }

  /// A label to be bound; the name is for messages.
  public Label label(String name) {
    return new Label(name);
  }

  /// Makes `label` name the next instruction.
  public void bind(Label label) {
    label.bind(out.position());
  }

  /// A label bound here.
  public Label mark(String name) {
    Label label = label(name);
    bind(label);
    return label;
  }

  /// Address of a bound label.
  public long address(Label label) {
    return origin + label.position();
  }

  // Moves.

  /// The shortest of the three forms that give a register this value.
  public void mov(Register to, long value) {
    if (value >>> 32 == 0) {
      out.rex(false, 0, 0, to.high());
      out.u8(0xb8 + to.low());
      out.u32((int) value);
    } else if (value == (int) value) {
      out.register(QWORD, 0xc7, 0, to);
      out.u32((int) value);
    } else {
      out.rex(true, 0, 0, to.high());
      out.u8(0xb8 + to.low());
      out.u64(value);
    }
  }

  public void mov(Register to, Register from) {
    out.register(QWORD, 0x89, from.ordinal(), to);
  }

  /// A load; fewer than 64 bits are extended with zeros.
  public void mov(Register to, Memory from) {
    switch (from.size()) {
      case BYTE -> out.memory(DWORD, 0x0fb6, to.ordinal(), from);
      case WORD -> out.memory(DWORD, 0x0fb7, to.ordinal(), from);
      case DWORD, QWORD -> out.memory(from.size(), 0x8b, to.ordinal(), from);
    }
  }

  /// A store of the low bits.
  public void mov(Memory to, Register from) {
    out.store(to.size(), to.size() == BYTE ? 0x88 : 0x89, from, to);
  }

  /// A store of a constant, which for 64 bits is one of 32 bits with its sign.
  public void mov(Memory to, long value) {
    out.memory(to.size(), to.size() == BYTE ? 0xc6 : 0xc7, 0, to);
    out.constant(to.size(), value);
  }

  /// The low `size` of a register, extended with zeros.
  public void movzx(Register to, Register from, Size size) {
    switch (size) {
      case BYTE -> out.byteRegister(0x0fb6, to.ordinal(), from);
      case WORD -> out.register(DWORD, 0x0fb7, to.ordinal(), from);
      case DWORD -> out.register(DWORD, 0x89, from.ordinal(), to);
      case QWORD -> mov(to, from);
    }
  }

  public void lea(Register to, Memory address) {
    out.memory(QWORD, 0x8d, to.ordinal(), address);
  }

  /// Exchanges, which is also a full fence.
  public void xchg(Memory place, Register with) {
    out.store(place.size(), place.size() == BYTE ? 0x86 : 0x87, with, place);
  }

  public void push(Register from) {
    out.rex(false, 0, 0, from.high());
    out.u8(0x50 + from.low());
  }

  public void pop(Register to) {
    out.rex(false, 0, 0, to.high());
    out.u8(0x58 + to.low());
  }

  // Arithmetic. The second operand of a comparison is subtracted from the first.

  public void add(Register to, int value) {
    out.arithmetic(0, to, value);
  }

  public void or(Register to, int value) {
    out.arithmetic(1, to, value);
  }

  public void or(Memory to, Register from) {
    out.store(to.size(), to.size() == BYTE ? 0x08 : 0x09, from, to);
  }

  public void or(Memory to, int value) {
    out.arithmetic(1, to, value);
  }

  public void and(Register to, Register from) {
    out.register(QWORD, 0x21, from.ordinal(), to);
  }

  public void and(Register to, int value) {
    out.arithmetic(4, to, value);
  }

  public void sub(Register to, Register from) {
    out.register(QWORD, 0x29, from.ordinal(), to);
  }

  /// Exclusive or; of a register with itself, the way to clear it.
  public void xor(Register to, Register from) {
    out.register(to == from ? DWORD : QWORD, 0x31, from.ordinal(), to);
  }

  public void cmp(Register left, Register right) {
    out.register(QWORD, 0x39, right.ordinal(), left);
  }

  public void cmp(Register left, int value) {
    out.arithmetic(7, left, value);
  }

  public void cmp(Register left, Memory right) {
    out.store(right.size(), right.size() == BYTE ? 0x3a : 0x3b, left, right);
  }

  public void cmp(Memory left, int value) {
    out.arithmetic(7, left, value);
  }

  public void test(Register left, Register right) {
    out.register(QWORD, 0x85, right.ordinal(), left);
  }

  public void test(Memory left, int bits) {
    Size size = left.size();
    out.memory(size, size == BYTE ? 0xf6 : 0xf7, 0, left);
    out.constant(size, bits);
  }

  public void inc(Register value) {
    out.register(QWORD, 0xff, 0, value);
  }

  public void inc(Memory value) {
    out.memory(value.size(), value.size() == BYTE ? 0xfe : 0xff, 0, value);
  }

  public void dec(Register value) {
    out.register(QWORD, 0xff, 1, value);
  }

  public void dec(Memory value) {
    out.memory(value.size(), value.size() == BYTE ? 0xfe : 0xff, 1, value);
  }

  public void shl(Register value, int bits) {
    out.register(QWORD, 0xc1, 4, value);
    out.u8(bits);
  }

  public void shr(Register value, int bits) {
    out.register(QWORD, 0xc1, 5, value);
    out.u8(bits);
  }

  /// Sets bit `bit` of memory, counted from the operand on, however far; CARRY says what it was.
  public void bts(Memory bits, Register bit) {
    out.memory(bits.size(), 0x0fab, bit.ordinal(), bits);
  }

  /// Clears bit `bit` of a register; CARRY says what it was.
  public void btr(Register bits, Register bit) {
    out.register(QWORD, 0x0fb3, bit.ordinal(), bits);
  }

  /// Index of the lowest bit that is set; ZERO when there is none.
  public void bsf(Register index, Register bits) {
    out.register(QWORD, 0x0fbc, index.ordinal(), bits);
  }

  // Jumps.

  public void jmp(Label target) {
    out.u8(0xe9);
    distance(target);
  }

  public void jmp(Register address) {
    out.register(DWORD, 0xff, 4, address);
  }

  public void jcc(Condition condition, Label target) {
    out.u8(0x0f);
    out.u8(0x80 + condition.code());
    distance(target);
  }

  public void call(Label target) {
    out.u8(0xe8);
    distance(target);
  }

  public void ret() {
    out.u8(0xc3);
  }

  private void distance(Label target) {
    fixups.add(new Fixup(out.position(), target));
    out.u32(0);
  }

  // Processor.

  /// Makes the next instruction, which changes memory, atomic and a full fence.
  public Assembler lock() {
    out.u8(0xf0);
    return this;
  }

  public void cli() {
    out.u8(0xfa);
  }

  /// Takes effect after the next instruction: between `sti` and `hlt` no interrupt is lost.
  public void sti() {
    out.u8(0xfb);
  }

  public void hlt() {
    out.u8(0xf4);
  }

  public void pause() {
    out.u8(0xf3);
    out.u8(0x90);
  }

  public void iretq() {
    out.u8(0x48);
    out.u8(0xcf);
  }

  /// Writes 32 bits of RAX to the port in RDX.
  public void outDword() {
    out.u8(0xef);
  }

  /// Writes the lowest byte of RAX to the port in RDX.
  public void outByte() {
    out.u8(0xee);
  }

  /// Reads 32 bits from the port in RDX into RAX.
  public void inDword() {
    out.u8(0xed);
  }

  /// Reads the register whose number is in RCX into the low halves of RDX and RAX.
  public void rdmsr() {
    out.u8(0x0f);
    out.u8(0x32);
  }

  /// Writes the register whose number is in RCX from the low halves of RDX and RAX.
  public void wrmsr() {
    out.u8(0x0f);
    out.u8(0x30);
  }

  /// Loads limit (16 bits) and address (64 bits) of the interrupt table.
  public void lidt(Memory table) {
    out.memory(DWORD, 0x0f01, 3, table);
  }

  /// An instruction that is none, on purpose.
  public void ud2() {
    out.u8(0x0f);
    out.u8(0x0b);
  }
}
