package org.vbus.linux;

/// What a kernel's KVM may or may not have, asked with [Kvm#capability(KvmCapability)]. The answer
/// is a number, of which only "positive" counts unless something else is said here.
///
/// Source: `KVM_CAP_*` of `linux/kvm.h`.
public enum KvmCapability {
  /// Interrupt controllers in the kernel: local APICs and the rest.
  IRQCHIP(0),
  USER_MEMORY(3),
  SET_TSS_ADDR(4),
  /// Tables of CPUID for a vCPU.
  EXT_CPUID(7),
  /// Answers how many vCPUs a machine should have at most.
  NR_VCPUS(9),
  /// Answers how many memory slots a machine may have.
  NR_MEMSLOTS(10),
  MP_STATE(14),
  /// Answers the page of a vCPU's mapping where the ring of writes that need no exit lies.
  COALESCED_MMIO(15),
  /// Interrupt numbers (GSI) that stand for messages.
  IRQ_ROUTING(25),
  /// Interrupts raised by an event descriptor.
  IRQFD(32),
  /// Guest writes that signal an event descriptor.
  IOEVENTFD(36),
  SET_IDENTITY_MAP_ADDR(37),
  /// The guest's time stamp counter can be scaled.
  TSC_CONTROL(60),
  /// Answers how many vCPUs a machine may have.
  MAX_VCPUS(66),
  /// Messages sent by a call.
  SIGNAL_MSI(77),
  /// Doorbells that do not look at the length of the write.
  IOEVENTFD_NO_LENGTH(100),
  /// Local APICs in the kernel, the rest outside of it.
  SPLIT_IRQCHIP(121),
  IOEVENTFD_ANY_LENGTH(122),
  /// A vCPU can be told not to enter the guest.
  IMMEDIATE_EXIT(136),
  /// The time a vCPU polls before it sleeps can be set per machine.
  HALT_POLL(182),
  /// Statistics can be read from a descriptor.
  BINARY_STATS_FD(203);

  private final int number;

  KvmCapability(int number) {
    this.number = number;
  }

  /// As `linux/kvm.h` numbers it.
  public int number() {
    return number;
  }
}
