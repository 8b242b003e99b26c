/// Guests for the KVM connector: programs of a few hundred instructions, written with
/// [org.vbus.connector.kvm.x86.Assembler] into a memory image that begins in 64-bit mode.
///
/// ```
///   GuestProgram program = new RequestProgram(options);
///   GuestEntry entry = program.install(memory);       // tables, code, rings; nothing runs yet
///   vcpu.longMode(entry.mode());
///   vcpu.registers(entry.registers());
///   ... run ...                     GuestControl: what the host asks    GuestCounters: what the guest did
/// ```
///
/// A guest counts what nobody else can: interrupts it took, kicks, ends of interrupts, halts. It
/// has no clock; time is taken by the host, which also says how many requests the guest may have
/// made.
///
/// All guests halt when they have nothing to do, except one that polls. None uses an instruction
/// that some KVM lacks: no hypercall, no `mfence`, no return to another privilege level.
package org.vbus.connector.kvm.guest;
