/// An emitter for x86-64 machine code: enough of it for the small guests of the KVM connector.
///
/// ```
///   Assembler a = new Assembler(0x10000);        // address of the first byte
///   Label loop = a.label("loop");
///   a.mov(RCX, 10_000);
///   a.bind(loop);
///   a.dec(RCX);
///   a.jcc(NOT_ZERO, loop);
///   a.hlt();
///   byte[] code = a.code();
/// ```
///
/// A method is an instruction and is called like it. Registers are 64 bits wide; the size of an
/// access is that of its [Memory] operand, and a load of less than 64 bits clears the rest of the
/// register.
package org.vbus.connector.kvm.x86;
