package org.vbus.core.ring;

import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;

/// Device half of a split virtqueue (2.7): indexes, ordering and all validation.
///
/// Every shared field is loaded once into a local and only the local is checked and used. Indirect
/// descriptors are accepted whether or not they were negotiated, because drivers in the field use
/// them unasked; they are checked all the same.
public final class SplitQueue extends VirtQueue {
  private static final int F_ALL =
      SplitLayout.F_NEXT | SplitLayout.F_WRITE | SplitLayout.F_INDIRECT;

  private final boolean eventIdx;
  private final int mask;
  private final MemorySegment desc;
  private final long descOff;
  private final MemorySegment avail;
  private final long availOff;
  private final MemorySegment used;
  private final long usedOff;

  /// Next avail element to consume.
  private int nextAvail;

  /// Avail index as last loaded.
  private int seenAvail;

  /// Next used element to write.
  private int nextUsed;

  /// Used index as last published.
  private int publishedUsed;

  private SplitQueue(
      int index,
      Addresses at,
      MemoryRegion descRegion,
      MemoryRegion availRegion,
      MemoryRegion usedRegion,
      GuestMemory memory,
      long features,
      int position,
      Ledger ledger,
      BooleanSupplier signal,
      FaultListener faults) {
    super(index, at.size(), memory, descRegion, features, ledger, signal, faults);
    this.eventIdx = Feature.EVENT_IDX.in(features);
    this.mask = at.size() - 1;
    this.desc = descRegion.segment();
    this.descOff = descRegion.offset(at.desc());
    this.avail = availRegion.segment();
    this.availOff = availRegion.offset(at.avail());
    this.used = usedRegion.segment();
    this.usedOff = usedRegion.offset(at.used());
    this.nextAvail = position & 0xffff;
    this.seenAvail = nextAvail;
    this.nextUsed = position >>> 16;
    this.publishedUsed = nextUsed;
  }

  /// As [VirtQueue#open], for a size that was found legal.
  static @Nullable SplitQueue over(
      int index,
      Addresses at,
      GuestMemory memory,
      long features,
      int position,
      Ledger ledger,
      BooleanSupplier signal,
      FaultListener faults) {
    int size = at.size();
    MemoryRegion desc =
        part(memory, at.desc(), SplitLayout.descBytes(size), SplitLayout.DESC_ALIGN);
    MemoryRegion avail =
        part(memory, at.avail(), SplitLayout.availBytes(size), SplitLayout.AVAIL_ALIGN);
    MemoryRegion used =
        part(memory, at.used(), SplitLayout.usedBytes(size), SplitLayout.USED_ALIGN);
    if (desc == null
        || avail == null
        || used == null
        || U16.distance(position >>> 16, position & 0xffff) > size) {
      return null;
    }
    return new SplitQueue(
        index, at, desc, avail, used, memory, features, position, ledger, signal, faults);
  }

  @Override
  public int position() {
    return nextAvail | nextUsed << 16;
  }

  @Override
  boolean look(Chain chain, int ahead) {
    if (fault() != null || (unseen() <= ahead && !refill(ahead))) {
      return false;
    }
    return read(chain, nextAvail + ahead);
  }

  @Override
  int look(Batch batch, int most) {
    if (unseen() < most && !refill(0)) {
      return 0;
    }
    int wanted = Math.min(most, unseen());
    long direction = batch.isWritable() ? SplitLayout.F_WRITE : 0;
    for (int i = 0; i < wanted; i++) {
      long element = SplitLayout.availElement((nextAvail + i) & mask);
      int head = avail.get(SHORT, availOff + element) & 0xffff;
      if (head > mask) {
        return i;
      }
      long off = descOff + (long) head * SplitLayout.DESC_SIZE;
      long addr = desc.get(LONG_ANY, off + SplitLayout.DESC_ADDR);
      long word = desc.get(LONG_ANY, off + SplitLayout.DESC_LEN_FLAGS_NEXT);
      if ((word >>> 32 & F_ALL) != direction || !batch.put(i, head, addr, word & 0xffffffffL)) {
        return i;
      }
    }
    return wanted;
  }

  /// Reads the chain that avail element `at` names. One descriptor without flags but WRITE is the
  /// common case.
  private boolean read(Chain chain, int at) {
    // Element and descriptors were ordered by the acquire of avail.idx in refill().
    int head = avail.get(SHORT, availOff + SplitLayout.availElement(at & mask)) & 0xffff;
    if (head > mask) {
      return broken(RingFault.HEAD_OUT_OF_RANGE, at & 0xffff);
    }
    long off = descOff + (long) head * SplitLayout.DESC_SIZE;
    long addr = desc.get(LONG_ANY, off + SplitLayout.DESC_ADDR);
    long word = desc.get(LONG_ANY, off + SplitLayout.DESC_LEN_FLAGS_NEXT);
    int flags = (int) (word >>> 32);
    if ((flags & (SplitLayout.F_NEXT | SplitLayout.F_INDIRECT)) == 0
        && single(chain, head, addr, word & 0xffffffffL, (flags & SplitLayout.F_WRITE) != 0)) {
      return true;
    }
    chain.clear(head);
    if (!walk(chain, head, addr, word)) {
      return false;
    }
    chain.state = Chain.State.PEEKED;
    return true;
  }

  @Override
  boolean walk(Chain chain, Inflight.Taken taken) {
    int head = taken.head();
    if (head > mask) {
      return broken(RingFault.HEAD_OUT_OF_RANGE, head);
    }
    long off = descOff + (long) head * SplitLayout.DESC_SIZE;
    return walk(
        chain,
        head,
        desc.get(LONG_ANY, off + SplitLayout.DESC_ADDR),
        desc.get(LONG_ANY, off + SplitLayout.DESC_LEN_FLAGS_NEXT));
  }

  /// Entries known to be available and not yet consumed.
  private int unseen() {
    return U16.distance(nextAvail, seenAvail);
  }

  /// Loads avail.idx; whether more than `ahead` entries are there.
  private boolean refill(int ahead) {
    // [MO-SQ-1] ACQUIRE avail.idx. Partner: MO-DQ-1, the driver's release of avail.idx
    // (2.7.13.3.1).
    // Orders: the index before the element, the descriptors and the buffers it covers.
    int idx = (short) LE16.getAcquire(avail, availOff + SplitLayout.IDX) & 0xffff;
    int count = U16.distance(nextAvail, idx);
    // What the device keeps still occupies the ring.
    if (count + U16.distance(nextUsed, nextAvail) > mask + 1 || count < unseen()) {
      breakQueue(RingFault.AVAIL_INDEX_JUMP, idx);
      return false;
    }
    seenAvail = idx;
    return count > ahead;
  }

  /// Reads the chain from `head` on, whose descriptor was loaded.
  private boolean walk(Chain chain, int head, long firstAddr, long firstWord) {
    long addr = firstAddr;
    long word = firstWord;
    MemorySegment table = desc;
    long tableOff = descOff;
    int entries = mask + 1;
    // Descriptors of the present table, and of the chain altogether, that may still come.
    int tableLeft = entries;
    int chainLeft = entries;
    boolean indirect = false;
    boolean writable = false;
    int i = head;
    while (true) {
      int flags = (int) (word >>> 32);
      long len = word & 0xffffffffL;
      if ((flags & SplitLayout.F_INDIRECT) != 0) {
        if (indirect) {
          return broken(RingFault.NESTED_INDIRECT, i);
        }
        if ((flags & SplitLayout.F_NEXT) != 0) {
          return broken(RingFault.INDIRECT_WITH_NEXT, i);
        }
        // The WRITE flag of a descriptor that refers to a table is ignored (2.7.5.3.2).
        MemoryRegion region = table(addr, len, i);
        if (region == null) {
          return false;
        }
        table = region.segment();
        tableOff = region.offset(addr);
        entries = (int) (len / SplitLayout.DESC_SIZE);
        tableLeft = entries;
        indirect = true;
        i = 0;
        addr = table.get(LONG_ANY, tableOff + SplitLayout.DESC_ADDR);
        word = table.get(LONG_ANY, tableOff + SplitLayout.DESC_LEN_FLAGS_NEXT);
        continue;
      }
      boolean write = (flags & SplitLayout.F_WRITE) != 0;
      if (writable && !write) {
        return broken(RingFault.READABLE_AFTER_WRITABLE, i);
      }
      writable = write;
      if (!piece(chain, addr, len, write, i)) {
        return false;
      }
      if ((flags & SplitLayout.F_NEXT) == 0) {
        return true;
      }
      // More descriptors than the table has entries: one came twice.
      if (--tableLeft == 0) {
        return broken(RingFault.CHAIN_LOOP, i);
      }
      if (--chainLeft == 0) {
        return broken(RingFault.CHAIN_TOO_LONG, i);
      }
      i = (int) (word >>> 48);
      if (i >= entries) {
        return broken(RingFault.NEXT_OUT_OF_RANGE, i);
      }
      long at = tableOff + (long) i * SplitLayout.DESC_SIZE;
      addr = table.get(LONG_ANY, at + SplitLayout.DESC_ADDR);
      word = table.get(LONG_ANY, at + SplitLayout.DESC_LEN_FLAGS_NEXT);
    }
  }

  @Override
  void use(int head, int descriptors, int written, boolean whole) {
    if (nextUsed == publishedUsed) {
      staged();
    }
    element(nextUsed, head, written);
    nextUsed = U16.add(nextUsed, 1);
  }

  /// Writes id and len in one store; both are made visible by the release of used.idx in
  /// publishStaged().
  private void element(int at, int head, int written) {
    long element = (head & 0xffffffffL) | (long) written << 32;
    used.set(LONG_ANY, usedOff + SplitLayout.usedElement(at & mask), element);
  }

  @Override
  void takeAndUse(Batch batch, int count) {
    if (nextUsed == publishedUsed) {
      staged();
    }
    for (int i = 0; i < count; i++) {
      element(nextUsed + i, batch.head(i), batch.written(i));
    }
    nextAvail = U16.add(nextAvail, count);
    nextUsed = U16.add(nextUsed, count);
  }

  @Override
  void consume(Chain chain) {
    nextAvail = U16.add(nextAvail, 1);
  }

  @Override
  int unserved() {
    return refill(0) ? unseen() : 0;
  }

  @Override
  boolean publishStaged() {
    int old = publishedUsed;
    int now = nextUsed;
    ledger.add(Event.IOS, U16.distance(old, now));
    publishedUsed = now;
    publishing(now);
    // [MO-SQ-2] RELEASE used.idx. Partner: MO-DQ-3, the driver's acquire of used.idx (2.7.14).
    // Orders: used elements and every byte written into the chains, before the index.
    LE16.setRelease(used, usedOff + SplitLayout.IDX, (short) now);
    published();
    if (logsRing()) {
      elementsWritten(old, now);
    }
    // [MO-SQ-3] FULL FENCE. Partner: MO-DQ-4, the driver's fence between unmasking and its second
    // look.
    // Orders: our store of used.idx before our load of used_event or avail.flags; without it both
    // sides
    // could miss each other and the driver would sleep on a used buffer.
    VarHandle.fullFence();
    if (eventIdx) {
      int event =
          (short) LE16.getOpaque(avail, availOff + SplitLayout.usedEvent(mask + 1)) & 0xffff;
      return U16.passed(event, now, old);
    }
    int flags = (short) LE16.getOpaque(avail, availOff + SplitLayout.FLAGS);
    return (flags & SplitLayout.AVAIL_F_NO_INTERRUPT) == 0;
  }

  /// Tells the log of used elements, and of the index behind the last.
  private void elementsWritten(int from, int to) {
    int first = from & mask;
    int count = U16.distance(from, to);
    int straight = Math.min(count, mask + 1 - first);
    ringWritten(SplitLayout.usedElement(first), (long) straight * Long.BYTES);
    ringWritten(SplitLayout.usedElement(0), (long) (count - straight) * Long.BYTES);
    ringWritten(SplitLayout.IDX, Short.BYTES);
  }

  @Override
  boolean arm() {
    askForKicks(nextAvail, 0);
    // [MO-SQ-4] FULL FENCE. Partner: MO-DQ-2, the driver's fence between avail.idx and avail_event.
    // Orders: our request for kicks before our second look at avail.idx.
    VarHandle.fullFence();
    return unseen() > 0 || refill(0);
  }

  @Override
  public void suppressKicks() {
    // An index the driver passed already: it comes round again only after 65,535 entries.
    askForKicks(U16.add(nextAvail, -1), SplitLayout.USED_F_NO_NOTIFY);
  }

  /// Says when to kick: at an avail index, or as flags say where indexes were not negotiated.
  private void askForKicks(int at, int flags) {
    int off = eventIdx ? SplitLayout.availEvent(mask + 1) : SplitLayout.FLAGS;
    LE16.setOpaque(used, usedOff + off, (short) (eventIdx ? at : flags));
    ringWritten(off, Short.BYTES);
  }
}
