package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct kvm_cpuid2`: u32 count, padding, then entries of u32 function, index, flags, eax, ebx,
/// ecx, edx and 12 bytes of padding.
final class KvmCpuid {
  private static final long HEADER_BYTES = 8;
  private static final long ENTRY_BYTES = 40;
  private static final long EBX = 16;
  private static final long EDX = 24;

  private static final int FEATURES = 1;
  private static final int TOPOLOGY = 0xb;
  private static final int TOPOLOGY_V2 = 0x1f;
  private static final int APIC_ID_SHIFT = 24;

  private KvmCpuid() {}

  static long bytes(int entries) {
    return HEADER_BYTES + entries * ENTRY_BYTES;
  }

  /// Writes the id of a local APIC wherever a guest may look for it.
  static void setApicId(MemorySegment table, int id) {
    int count = table.get(JAVA_INT, 0);
    for (int i = 0; i < count; i++) {
      long at = bytes(i);
      switch (table.get(JAVA_INT, at)) {
        case FEATURES -> {
          int others = table.get(JAVA_INT, at + EBX) & ((1 << APIC_ID_SHIFT) - 1);
          table.set(JAVA_INT, at + EBX, others | (id << APIC_ID_SHIFT));
        }
        case TOPOLOGY, TOPOLOGY_V2 -> table.set(JAVA_INT, at + EDX, id);
        default -> {}
      }
    }
  }
}
