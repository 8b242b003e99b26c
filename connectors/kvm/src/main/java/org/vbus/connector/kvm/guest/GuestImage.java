package org.vbus.connector.kvm.guest;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LONG;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.linux.KvmLongMode;
import org.vbus.linux.KvmRegisters;

/// The memory of a guest as a program is written into it. All tables are in place from the first
/// instruction, so there is no boot code: flat 64-bit segments, the first 4 GiB mapped to
/// themselves, an entry for each of the 256 vectors.
///
/// ```
///   0x01000  segment descriptors, task state    0x10000  code
///   0x02000  page tables: top, 512 GiB level    0x40000  stack, down from 0x50000
///   0x04000  page tables: 4 x 1 GiB             0x50000  GuestCounters, GuestControl, AgentMailbox
///   0x08000  interrupt table                    0x60000  heap, up to the end
/// ```
///
/// The last GiB, where registers and the local APIC are, is mapped uncached. A vector without a
/// handler ends in a panic that names it.
final class GuestImage {
  static final long CODE = 0x10000;
  static final long STACK_TOP = 0x50000;
  static final long HEAP = 0x60000;

  private static final long GDT = 0x1000;
  private static final long TSS = 0x1080;
  private static final long PML4 = 0x2000;
  private static final long PDPT = 0x3000;
  private static final long DIRECTORIES = 0x4000;
  private static final long IDT = 0x8000;

  private static final int CODE_SELECTOR = 0x08;
  private static final int DATA_SELECTOR = 0x10;
  private static final int TASK_SELECTOR = 0x18;
  private static final int SEGMENTS = 5; // that of the task takes two places
  private static final long CODE_SEGMENT = 0x00af_9b00_0000_ffffL;
  private static final long DATA_SEGMENT = 0x00cf_9300_0000_ffffL;
  private static final int TSS_BYTES = 0x68;
  private static final int BUSY_TSS = 0x8b;

  private static final int ENTRIES = 512;
  private static final long PAGE = 4096;
  private static final long LARGE_PAGE = 2L << 20;
  private static final int PRESENT_WRITABLE = 3;
  private static final int UNCACHED = 0x18;
  private static final int LARGE = 0x80;

  private static final int VECTORS = 256;
  private static final int GATE_BYTES = 16;
  private static final int INTERRUPT_GATE = 0x8e;

  private final MemorySegment memory;
  private final Assembler code = new Assembler(CODE);
  private final GuestCode guestCode = new GuestCode(code);
  private final Map<Integer, Label> handlers = new HashMap<>();
  private final Label entry;
  private long heap = HEAP;

  /// @throws IllegalArgumentException when the memory does not even hold the heap's beginning
  GuestImage(MemorySegment memory) {
    if (memory.byteSize() <= HEAP || memory.byteSize() > KvmLayout.MEMORY_LIMIT) {
      throw new IllegalArgumentException(
          "a guest has more than 0x%x and at most 0x%x bytes of memory, not 0x%x"
              .formatted(HEAP, KvmLayout.MEMORY_LIMIT, memory.byteSize()));
    }
    this.memory = memory;
    this.entry = code.label("entry");
  }

  MemorySegment memory() {
    return memory;
  }

  Assembler code() {
    return code;
  }

  GuestCode guestCode() {
    return guestCode;
  }

  /// Makes the next instruction the first one of the guest.
  void entry() {
    code.bind(entry);
  }

  /// Names the code for an interrupt or exception.
  void vector(int vector, Label handler) {
    handlers.put(vector, handler);
  }

  /// Address of so many bytes for the program; zero, as all memory is.
  ///
  /// @throws IllegalArgumentException when the memory has no room for them
  long allocate(long bytes, long alignment) {
    long at = (heap + alignment - 1) & -alignment;
    if (bytes > memory.byteSize() - at) {
      throw new IllegalArgumentException(
          "the program needs 0x%x bytes at 0x%x, the guest has 0x%x"
              .formatted(bytes, at, memory.byteSize()));
    }
    heap = at + bytes;
    return at;
  }

  /// Writes the code and all tables.
  GuestEntry finish() {
    Label[] gates = gates();
    guestCode.finish();
    byte[] bytes = code.code();
    if (bytes.length > STACK_TOP - CODE - PAGE) {
      throw new IllegalStateException("the program has 0x%x bytes".formatted(bytes.length));
    }
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, CODE, bytes.length);
    writeSegments();
    writePages();
    for (int vector = 0; vector < VECTORS; vector++) {
      writeGate(vector, code.address(gates[vector]));
    }
    return new GuestEntry(
        new KvmLongMode(
            PML4,
            GDT,
            SEGMENTS * Long.BYTES - 1,
            IDT,
            VECTORS * GATE_BYTES - 1,
            TSS,
            CODE_SELECTOR,
            DATA_SELECTOR,
            TASK_SELECTOR),
        KvmRegisters.at(code.address(entry), STACK_TOP));
  }

  /// What happens on each vector: without a handler a panic, but for the spurious one, which may
  /// always come and wants no answer.
  private Label[] gates() {
    Label[] gates = new Label[VECTORS];
    for (int vector = 0; vector < VECTORS; vector++) {
      Label handler = handlers.get(vector);
      if (handler == null) {
        handler = code.mark("vector " + vector);
        if (vector == KvmLayout.SPURIOUS_VECTOR) {
          code.iretq();
        } else {
          guestCode.panic(vector);
        }
      }
      gates[vector] = handler;
    }
    return gates;
  }

  private void writeSegments() {
    memory.set(LONG, GDT + CODE_SELECTOR, CODE_SEGMENT);
    memory.set(LONG, GDT + DATA_SELECTOR, DATA_SEGMENT);
    memory.set(LONG, GDT + TASK_SELECTOR, (TSS_BYTES - 1) | TSS << 16 | (long) BUSY_TSS << 40);
  }

  private void writePages() {
    memory.set(LONG, PML4, PDPT | PRESENT_WRITABLE);
    for (int gib = 0; gib < 4; gib++) {
      long directory = DIRECTORIES + gib * PAGE;
      memory.set(LONG, PDPT + (long) gib * Long.BYTES, directory | PRESENT_WRITABLE);
      int flags = PRESENT_WRITABLE | LARGE | (gib == 3 ? UNCACHED : 0);
      for (int i = 0; i < ENTRIES; i++) {
        long page = ((long) gib * ENTRIES + i) * LARGE_PAGE;
        memory.set(LONG, directory + (long) i * Long.BYTES, page | flags);
      }
    }
  }

  private void writeGate(int vector, long handler) {
    long gate = IDT + (long) vector * GATE_BYTES;
    memory.set(SHORT, gate, (short) handler);
    memory.set(SHORT, gate + 2, (short) CODE_SELECTOR);
    memory.set(SHORT, gate + 4, (short) (INTERRUPT_GATE << 8));
    memory.set(SHORT, gate + 6, (short) (handler >>> 16));
    memory.set(INT, gate + 8, (int) (handler >>> 32));
  }
}
