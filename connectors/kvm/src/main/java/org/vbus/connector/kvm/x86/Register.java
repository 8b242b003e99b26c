package org.vbus.connector.kvm.x86;

/// General registers of x86-64, in the order of their numbers in an instruction.
public enum Register {
  RAX,
  RCX,
  RDX,
  RBX,
  RSP,
  RBP,
  RSI,
  RDI,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15;

  /// The bits that stand in a ModRM or SIB byte, or in an opcode.
  int low() {
    return ordinal() & 7;
  }

  /// The bit that stands in a REX prefix.
  int high() {
    return ordinal() >> 3;
  }
}
