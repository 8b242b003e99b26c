package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// The tables with which a vCPU begins in 64-bit mode at privilege level 0: paging on, flat
/// segments, no real mode before it. The guest's memory must hold the tables; the processor reads
/// the descriptors of the segments only when the guest loads a selector.
///
/// @param cr3 guest-physical address of the top page table (PML4)
/// @param gdtBase linear address of the global descriptor table
/// @param gdtLimit its bytes less one
/// @param idtBase linear address of the interrupt table
/// @param idtLimit its bytes less one
/// @param tssBase linear address of the 104 bytes of the task state
/// @param codeSelector into the descriptor table
/// @param dataSelector for ds, es, fs, gs and ss
/// @param taskSelector of the task state
public record KvmLongMode(
    long cr3,
    long gdtBase,
    int gdtLimit,
    long idtBase,
    int idtLimit,
    long tssBase,
    int codeSelector,
    int dataSelector,
    int taskSelector) {
  /// `sizeof(struct kvm_sregs)`.
  static final long BYTES = 312;

  // struct kvm_sregs: segments of 24 bytes, tables of 16, then the control registers.
  private static final long CS = 0;
  private static final long DS = 24;
  private static final long SS = 120;
  private static final long TR = 144;
  private static final long LDT = 168;
  private static final long GDT = 192;
  private static final long IDT = 208;
  private static final long CR0 = 224;
  private static final long CR3 = 240;
  private static final long CR4 = 248;
  private static final long EFER = 264;

  // struct kvm_segment: the base at 0, then
  private static final long LIMIT = 8;
  private static final long SELECTOR = 12;
  private static final long TYPE = 14;
  private static final long PRESENT = 15;
  private static final long DB = 17;
  private static final long S = 18;
  private static final long L = 19;
  private static final long G = 20;
  private static final long UNUSABLE = 22;
  private static final long SEGMENT_BYTES = 24;

  private static final int CODE = 11; // execute, read, accessed
  private static final int DATA = 3; // read, write, accessed
  private static final int BUSY_TSS = 11;
  private static final int EMPTY_LDT = 2;
  private static final int TSS_LIMIT = 0x67;

  private static final long PG_WP_NE_ET_MP_PE = 0x8001_0033L;
  private static final long PAE = 0x20;
  private static final long LMA_LME = 0x500;

  /// Overwrites what is named here and keeps the rest, such as the address of the local APIC.
  void write(MemorySegment sregs) {
    flat(sregs, CS, codeSelector, CODE);
    sregs.set(JAVA_BYTE, CS + DB, (byte) 0);
    sregs.set(JAVA_BYTE, CS + L, (byte) 1);
    for (long at = DS; at <= SS; at += SEGMENT_BYTES) {
      flat(sregs, at, dataSelector, DATA);
    }
    segment(sregs, TR, taskSelector, BUSY_TSS);
    sregs.set(JAVA_LONG, TR, tssBase);
    sregs.set(JAVA_INT, TR + LIMIT, TSS_LIMIT);
    segment(sregs, LDT, 0, EMPTY_LDT);
    sregs.set(JAVA_BYTE, LDT + PRESENT, (byte) 0);
    sregs.set(JAVA_BYTE, LDT + UNUSABLE, (byte) 1);
    table(sregs, GDT, gdtBase, gdtLimit);
    table(sregs, IDT, idtBase, idtLimit);
    sregs.set(JAVA_LONG, CR0, PG_WP_NE_ET_MP_PE);
    sregs.set(JAVA_LONG, CR3, cr3);
    sregs.set(JAVA_LONG, CR4, PAE);
    sregs.set(JAVA_LONG, EFER, LMA_LME);
  }

  /// Code or data from 0 to the end, in units of pages, 32 bits unless changed afterwards.
  private static void flat(MemorySegment sregs, long at, int selector, int type) {
    segment(sregs, at, selector, type);
    sregs.set(JAVA_INT, at + LIMIT, -1);
    sregs.set(JAVA_BYTE, at + DB, (byte) 1);
    sregs.set(JAVA_BYTE, at + S, (byte) 1);
    sregs.set(JAVA_BYTE, at + G, (byte) 1);
  }

  /// Present, of privilege level 0, at base 0.
  private static void segment(MemorySegment sregs, long at, int selector, int type) {
    sregs.asSlice(at, SEGMENT_BYTES).fill((byte) 0);
    sregs.set(JAVA_SHORT, at + SELECTOR, (short) selector);
    sregs.set(JAVA_BYTE, at + TYPE, (byte) type);
    sregs.set(JAVA_BYTE, at + PRESENT, (byte) 1);
  }

  private static void table(MemorySegment sregs, long at, long base, int limit) {
    sregs.set(JAVA_LONG, at, base);
    sregs.set(JAVA_SHORT, at + Long.BYTES, (short) limit);
  }
}
