package org.vbus.proxy.driver;

import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.U16;
import org.vbus.core.ring.VirtQueue;

/// Driver half of a split virtqueue (2.7).
final class SplitDriverQueue extends DriverQueue {
  private final int mask;
  private final long desc;
  private final long avail;
  private final long used;

  /// Token by head.
  private final int[] tokens;

  /// Descriptors a head occupies in the table.
  private final int[] counts;

  /// Device-writable bytes of the chain of a head; IN_ORDER only.
  private final int[] room;

  /// Free descriptors, linked through this array rather than through shared memory, which the
  /// device could only read but a mistake here could corrupt. Those free for longest go first:
  /// descriptors are then used in the order of their addresses, which the processors of both sides
  /// fetch ahead, and with IN_ORDER exactly so (2.7.5).
  private final int[] nextFree;

  private int firstFree;
  private int lastFree;
  private int nextAvail;
  private int publishedAvail;
  private int nextUsed;
  private int seenUsed;

  /// Head of the chain offered for longest; IN_ORDER only.
  private int oldest;

  // The chain being built.
  private int head = NONE;
  private int last;

  SplitDriverQueue(
      int index, int size, long features, int indirectEntries, GuestHeap heap, Ledger ledger) {
    super(index, size, features, indirectEntries, heap, ledger);
    this.mask = size - 1;
    this.desc = heap.allocate(SplitLayout.descBytes(size), SplitLayout.DESC_ALIGN);
    this.avail = heap.allocate(SplitLayout.availBytes(size), GuestHeap.GRAIN);
    this.used = heap.allocate(SplitLayout.usedBytes(size), GuestHeap.GRAIN);
    this.tokens = new int[size];
    this.counts = new int[size];
    this.room = new int[inOrder ? size : 0];
    this.nextFree = new int[size];
    start();
  }

  private void start() {
    for (int i = 0; i < size; i++) {
      nextFree[i] = i + 1;
    }
    firstFree = 0;
    lastFree = size - 1;
    free = size;
  }

  @Override
  public void reset() {
    memory.asSlice(avail, SplitLayout.availBytes(size)).fill((byte) 0);
    memory.asSlice(used, SplitLayout.usedBytes(size)).fill((byte) 0);
    Arrays.fill(counts, 0);
    nextAvail = 0;
    publishedAvail = 0;
    nextUsed = 0;
    seenUsed = 0;
    oldest = 0;
    head = NONE;
    batchEnd = NONE;
    start();
  }

  @Override
  public VirtQueue.Addresses addresses() {
    return new VirtQueue.Addresses(size, heap.gpa(desc), heap.gpa(avail), heap.gpa(used));
  }

  @Override
  public void release() {
    heap.release(desc, SplitLayout.descBytes(size));
    heap.release(avail, SplitLayout.availBytes(size));
    heap.release(used, SplitLayout.usedBytes(size));
    super.release();
  }

  @Override
  public void begin() {
    super.begin();
    head = firstFree;
    last = NONE;
  }

  @Override
  void append(long gpa, int len, int flags) {
    if (head == NONE || free == 0 || built == (indirectEntries > 0 ? indirectEntries : free)) {
      throw noRoom();
    }
    if (indirectEntries > 0) {
      long at = tableOf(head) + (long) built * SplitLayout.DESC_SIZE;
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

  @Override
  public void commit(int token) {
    if (head == NONE || built == 0) {
      throw emptyChain();
    }
    int first = head;
    if (indirectEntries > 0) {
      write(
          desc + (long) first * SplitLayout.DESC_SIZE,
          heap.gpa(tableOf(first)),
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
    if (inOrder) {
      room[first] = writable;
    }
    memory.set(SHORT, avail + SplitLayout.availElement(nextAvail & mask), (short) first);
    nextAvail = U16.add(nextAvail, 1);
    head = NONE;
  }

  @Override
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

  @Override
  public boolean hasUsed() {
    if (nextUsed == seenUsed) {
      // [MO-DQ-3] ACQUIRE used.idx. Partner: MO-SQ-2, the device's release (2.7.14).
      // Orders: the index before the used element and the bytes the device wrote.
      seenUsed = (short) LE16.getAcquire(memory, used + SplitLayout.IDX) & 0xffff;
    }
    return nextUsed != seenUsed;
  }

  @Override
  public int nextUsed() {
    if (!hasUsed()) {
      return -1;
    }
    if (inOrder) {
      return nextInOrder();
    }
    long element = memory.get(LONG_ANY, used + SplitLayout.usedElement(nextUsed & mask));
    int id = offered((int) element);
    usedLength = (int) (element >>> 32);
    nextUsed = U16.add(nextUsed, 1);
    reclaim(id);
    return tokens[id];
  }

  private int offered(int id) {
    if (id < 0 || id >= size || counts[id] == 0) {
      throw notOffered(id);
    }
    return id;
  }

  /// The used element found first names the last chain of a batch; those before it were used
  /// completely (2.7.9).
  private int nextInOrder() {
    if (batchEnd == NONE) {
      long element = memory.get(LONG_ANY, used + SplitLayout.usedElement(nextUsed & mask));
      batchEnd = offered((int) element);
      batchLength = (int) (element >>> 32);
    }
    int id = oldest;
    oldest = (id + counts[id]) & mask;
    if (id == batchEnd) {
      batchEnd = NONE;
      usedLength = batchLength;
    } else {
      usedLength = room[id];
    }
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

  @Override
  public void disableSignals() {
    if (eventIdx) {
      LE16.setOpaque(memory, avail + SplitLayout.usedEvent(size), (short) U16.add(nextUsed, -1));
    } else {
      LE16.setOpaque(memory, avail + SplitLayout.FLAGS, (short) SplitLayout.AVAIL_F_NO_INTERRUPT);
    }
  }

  @Override
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
