package org.vbus.proxy.driver;

import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.U16;
import org.vbus.core.ring.VirtQueue;

/// Driver half of a split virtqueue (2.7): offers chains, reclaims used ones.
///
/// A chain is built with [#begin()], [#out], [#in] and [#commit(int)]; several commits become
/// visible at once with [#publish()]. The driver's name for a chain is a small number of its
/// choice, the token, which comes back from [#nextUsed()]. Used by the guest's thread only.
public final class DriverQueue {
  private static final int NONE = -1;

  private final int index;
  private final int size;
  private final int mask;
  private final boolean eventIdx;
  private final int indirectEntries;
  private final GuestHeap heap;
  private final MemorySegment memory;
  private final long desc;
  private final long avail;
  private final long used;
  private final long tables;
  private final Ledger ledger;

  /// Token by head.
  private final int[] tokens;

  /// Descriptors a head occupies in the table.
  private final int[] counts;

  /// Free descriptors, linked through this array rather than through shared memory, which the
  /// device could only read but a mistake here could corrupt. Those free for longest go first:
  /// descriptors are then used in the order of their addresses, which the processors of both sides
  /// fetch ahead.
  private final int[] nextFree;

  private int firstFree;
  private int lastFree;
  private int free;
  private int nextAvail;
  private int publishedAvail;
  private int nextUsed;
  private int seenUsed;
  private int usedLength;

  // The chain being built.
  private int head = NONE;
  private int last;
  private int built;
  private boolean writing;

  /// Allocates and initialises the rings.
  ///
  /// @param indirectEntries descriptors per indirect table, 0 to use the ring's table only
  public DriverQueue(
      int index, int size, long features, int indirectEntries, GuestHeap heap, Ledger ledger) {
    if (!SplitLayout.isLegalSize(size)) {
      throw new IllegalArgumentException("queue size " + size + " is no power of two");
    }
    this.index = index;
    this.size = size;
    this.mask = size - 1;
    this.eventIdx = Feature.EVENT_IDX.in(features);
    this.indirectEntries = Feature.INDIRECT_DESC.in(features) ? Math.min(indirectEntries, size) : 0;
    this.heap = heap;
    this.memory = heap.memory();
    this.desc = heap.allocate(SplitLayout.descBytes(size), SplitLayout.DESC_ALIGN);
    this.avail = heap.allocate(SplitLayout.availBytes(size), GuestHeap.GRAIN);
    this.used = heap.allocate(SplitLayout.usedBytes(size), GuestHeap.GRAIN);
    this.tables =
        this.indirectEntries == 0
            ? 0
            : heap.allocate((long) size * this.indirectEntries * SplitLayout.DESC_SIZE, 16);
    this.ledger = ledger;
    this.tokens = new int[size];
    this.counts = new int[size];
    this.nextFree = new int[size];
    for (int i = 0; i < size; i++) {
      nextFree[i] = i + 1;
    }
    this.lastFree = size - 1;
    this.free = size;
  }

  /// Number of the queue in its device.
  public int index() {
    return index;
  }

  /// Entries.
  public int size() {
    return size;
  }

  /// Free descriptors; a chain of n buffers needs n, or 1 with indirect tables.
  public int free() {
    return free;
  }

  /// Chains offered and not yet reclaimed.
  public boolean idle() {
    return free == size;
  }

  /// Where the parts are, for the device.
  public VirtQueue.Addresses addresses() {
    return new VirtQueue.Addresses(size, heap.gpa(desc), heap.gpa(avail), heap.gpa(used));
  }

  /// Gives the rings' memory back; the device must have been reset (3.3.1).
  public void release() {
    heap.release(desc, SplitLayout.descBytes(size));
    heap.release(avail, SplitLayout.availBytes(size));
    heap.release(used, SplitLayout.usedBytes(size));
    if (indirectEntries > 0) {
      heap.release(tables, (long) size * indirectEntries * SplitLayout.DESC_SIZE);
    }
  }

  /// Starts a chain; [#free()] says whether there is room.
  public void begin() {
    head = firstFree;
    last = NONE;
    built = 0;
    writing = false;
  }

  /// Appends a device-readable buffer. All of them come before the device-writable ones (2.7.4.2).
  ///
  /// @throws IllegalStateException when there is no room, or a device-writable one came before
  public void out(long gpa, int len) {
    if (writing) {
      throw new IllegalStateException("device-readable buffer after a device-writable one");
    }
    append(gpa, len, 0);
  }

  /// Appends a device-writable buffer.
  ///
  /// @throws IllegalStateException when there is no room
  public void in(long gpa, int len) {
    writing = true;
    append(gpa, len, SplitLayout.F_WRITE);
  }

  private void append(long gpa, int len, int flags) {
    if (head == NONE || free == 0 || built == (indirectEntries > 0 ? indirectEntries : free)) {
      throw new IllegalStateException(
          "queue " + index + " has no chain with room for buffer " + built);
    }
    if (indirectEntries > 0) {
      long at = tables + ((long) head * indirectEntries + built) * SplitLayout.DESC_SIZE;
      if (built > 0) {
        link(at - SplitLayout.DESC_SIZE, built);
      }
      write(at, gpa, len, flags);
      built++;
      return;
    }
    int i = last == NONE ? head : nextFree[last];
    if (last != NONE) {
      link(desc + (long) last * SplitLayout.DESC_SIZE, i);
    }
    write(desc + (long) i * SplitLayout.DESC_SIZE, gpa, len, flags);
    last = i;
    built++;
  }

  private void write(long at, long gpa, int len, int flags) {
    memory.set(LONG_ANY, at + SplitLayout.DESC_ADDR, gpa);
    memory.set(
        LONG_ANY, at + SplitLayout.DESC_LEN_FLAGS_NEXT, (len & 0xffffffffL) | (long) flags << 32);
  }

  private void link(long at, int next) {
    long word = memory.get(LONG_ANY, at + SplitLayout.DESC_LEN_FLAGS_NEXT);
    memory.set(
        LONG_ANY,
        at + SplitLayout.DESC_LEN_FLAGS_NEXT,
        (word & 0x0000ffffffffffffL) | (long) SplitLayout.F_NEXT << 32 | (long) next << 48);
  }

  /// Ends the chain and puts it on the avail ring, not yet visible.
  ///
  /// @throws IllegalStateException when the chain has no buffer
  public void commit(int token) {
    if (head == NONE || built == 0) {
      throw new IllegalStateException("queue " + index + ": commit of an empty chain");
    }
    int first = head;
    if (indirectEntries > 0) {
      write(
          desc + (long) first * SplitLayout.DESC_SIZE,
          heap.gpa(tables + (long) first * indirectEntries * SplitLayout.DESC_SIZE),
          built * SplitLayout.DESC_SIZE,
          SplitLayout.F_INDIRECT);
      counts[first] = 1;
      firstFree = nextFree[first];
      free--;
    } else {
      counts[first] = built;
      firstFree = nextFree[last];
      free -= built;
    }
    tokens[first] = token;
    memory.set(SHORT, avail + SplitLayout.availElement(nextAvail & mask), (short) first);
    nextAvail = U16.add(nextAvail, 1);
    head = NONE;
  }

  /// Makes committed chains visible to the device.
  ///
  /// @return whether the device wants a kick for them
  public boolean publish() {
    int old = publishedAvail;
    int now = nextAvail;
    if (old == now) {
      return false;
    }
    publishedAvail = now;
    // [MO-DQ-1] RELEASE avail.idx. Partner: MO-SQ-1, the device's acquire (2.7.13.3.1).
    // Orders: descriptors, buffers and avail elements before the index.
    LE16.setRelease(memory, avail + SplitLayout.IDX, (short) now);
    // [MO-DQ-2] FULL FENCE. Partner: MO-SQ-4, the device's fence between asking for kicks and its
    // second look
    // (2.7.13.4.1). Orders: avail.idx before our load of avail_event or used.flags.
    VarHandle.fullFence();
    boolean kick;
    if (eventIdx) {
      int event = (short) LE16.getOpaque(memory, used + SplitLayout.availEvent(size)) & 0xffff;
      kick = U16.passed(event, now, old);
    } else {
      int flags = (short) LE16.getOpaque(memory, used + SplitLayout.FLAGS);
      kick = (flags & SplitLayout.USED_F_NO_NOTIFY) == 0;
    }
    ledger.add(kick ? Event.KICKS : Event.KICKS_SUPPRESSED, 1);
    return kick;
  }

  /// Whether used chains are waiting.
  public boolean hasUsed() {
    if (nextUsed == seenUsed) {
      // [MO-DQ-3] ACQUIRE used.idx. Partner: MO-SQ-2, the device's release (2.7.14).
      // Orders: the index before the used element and the bytes the device wrote.
      seenUsed = (short) LE16.getAcquire(memory, used + SplitLayout.IDX) & 0xffff;
    }
    return nextUsed != seenUsed;
  }

  /// Reclaims the next used chain; [#usedLength()] says how much of it was written.
  ///
  /// @return its token, or -1 when there is none
  public int nextUsed() {
    if (!hasUsed()) {
      return -1;
    }
    long element = memory.get(LONG_ANY, used + SplitLayout.usedElement(nextUsed & mask));
    int id = (int) element;
    if (id < 0 || id >= size || counts[id] == 0) {
      throw new IllegalStateException(
          "device returned chain " + id + " of queue " + index + ", which was not offered");
    }
    usedLength = (int) (element >>> 32);
    nextUsed = U16.add(nextUsed, 1);
    reclaim(id);
    return tokens[id];
  }

  private void reclaim(int id) {
    int tail = id;
    for (int n = counts[id]; n > 1; n--) {
      tail = nextFree[tail];
    }
    if (free == 0) {
      firstFree = id;
    } else {
      nextFree[lastFree] = id;
    }
    lastFree = tail;
    free += counts[id];
    counts[id] = 0;
  }

  /// Bytes the device wrote into the chain that [#nextUsed()] returned last; what lies beyond is
  /// not to be looked at (2.7.8.3).
  public int usedLength() {
    return usedLength;
  }

  /// Asks for no used buffer notifications; one may still come (2.7.7.1).
  public void disableSignals() {
    if (eventIdx) {
      LE16.setOpaque(memory, avail + SplitLayout.usedEvent(size), (short) U16.add(nextUsed, -1));
    } else {
      LE16.setOpaque(memory, avail + SplitLayout.FLAGS, (short) SplitLayout.AVAIL_F_NO_INTERRUPT);
    }
  }

  /// Asks for a notification of the next used buffer, then looks again.
  ///
  /// @return whether used chains are there now, for which no notification may come
  public boolean enableSignals() {
    if (eventIdx) {
      LE16.setOpaque(memory, avail + SplitLayout.usedEvent(size), (short) nextUsed);
    } else {
      LE16.setOpaque(memory, avail + SplitLayout.FLAGS, (short) 0);
    }
    // [MO-DQ-4] FULL FENCE. Partner: MO-SQ-3. Orders: our request for signals before our second
    // look.
    VarHandle.fullFence();
    return hasUsed();
  }
}
