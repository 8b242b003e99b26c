package org.vbus.core.ring;

import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LE32;
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

/// Device half of a packed virtqueue (2.8): wrap counters, ordering and all validation.
///
/// Descriptors are loaded as in [SplitQueue]: once, into locals that are checked and used; the
/// flags that tell whose the next descriptor is are loaded with acquire before the rest of it, and
/// not again. A used descriptor overwrites the first descriptor of a chain taken earlier, never one
/// that is still to be read. Of each burst the flags of the first used descriptor are stored last,
/// with release; the driver looks at no later one before it has seen that (2.8.2).
public final class PackedQueue extends VirtQueue {
  private static final int F_ALL =
      PackedLayout.F_NEXT | PackedLayout.F_WRITE | PackedLayout.F_INDIRECT;

  private final boolean eventIdx;
  private final boolean inOrder;
  private final int size;
  private final MemorySegment desc;
  private final long descOff;
  private final long descGpa;
  private final MemorySegment driverEvent;
  private final long driverEventOff;
  private final MemorySegment deviceEvent;
  private final long deviceEventOff;

  /// Where the next chain to consume begins, a [PackedIndex].
  private int nextAvail;

  /// Descriptors of chains that were consumed and not used.
  private int inFlight;

  /// Descriptors consumed since the start, free-running.
  private int consumed;

  /// Where the chains end that were peeked at and not consumed, in terms of [#consumed]: `known` of
  /// them from `oldest` on, wrapping.
  private int[] ends = new int[64];

  private int oldest;
  private int known;

  /// Where the next used descriptor goes, a [PackedIndex].
  private int nextUsed;

  /// Used descriptors as last published.
  private int publishedUsed;

  /// Chains used since then.
  private int stagedChains;

  // The used descriptor that is not written yet, because it may come to stand for later chains.
  private int pendingAt;
  private long pending;
  private boolean pendingWhole;

  /// The first used descriptor of the burst, whose flags are stored last.
  private long first;

  private boolean firstWritten;

  private PackedQueue(
      int index,
      Addresses at,
      MemoryRegion descRegion,
      MemoryRegion driverRegion,
      MemoryRegion deviceRegion,
      GuestMemory memory,
      long features,
      int nextAvail,
      int nextUsed,
      Ledger ledger,
      BooleanSupplier signal,
      FaultListener faults) {
    super(index, at.size(), memory, descRegion, features, ledger, signal, faults);
    this.eventIdx = Feature.EVENT_IDX.in(features);
    this.inOrder = Feature.IN_ORDER.in(features);
    this.size = at.size();
    this.desc = descRegion.segment();
    this.descOff = descRegion.offset(at.desc());
    this.descGpa = at.desc();
    this.driverEvent = driverRegion.segment();
    this.driverEventOff = driverRegion.offset(at.avail());
    this.deviceEvent = deviceRegion.segment();
    this.deviceEventOff = deviceRegion.offset(at.used());
    this.nextAvail = nextAvail;
    this.nextUsed = nextUsed;
    this.publishedUsed = nextUsed;
    this.inFlight = PackedIndex.distance(nextUsed, nextAvail, size);
  }

  /// As [VirtQueue#open], for a size that was found legal.
  static @Nullable PackedQueue over(
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
        part(memory, at.desc(), PackedLayout.descBytes(size), PackedLayout.DESC_ALIGN);
    MemoryRegion driver =
        part(memory, at.avail(), PackedLayout.EVENT_SIZE, PackedLayout.EVENT_ALIGN);
    MemoryRegion device =
        part(memory, at.used(), PackedLayout.EVENT_SIZE, PackedLayout.EVENT_ALIGN);
    int nextAvail = PackedIndex.decoded(position & 0xffff, size);
    int nextUsed = PackedIndex.decoded(position >>> 16, size);
    if (desc == null
        || driver == null
        || device == null
        || nextAvail < 0
        || nextUsed < 0
        || PackedIndex.distance(nextUsed, nextAvail, size) > size) {
      return null;
    }
    return new PackedQueue(
        index, at, desc, driver, device, memory, features, nextAvail, nextUsed, ledger, signal,
        faults);
  }

  @Override
  public int position() {
    return PackedIndex.encoded(nextAvail, size) | PackedIndex.encoded(nextUsed, size) << 16;
  }

  private long descriptor(int place) {
    return descOff + PackedLayout.descriptor(PackedIndex.slot(place, size));
  }

  /// Flags of the descriptor at `place`.
  private int flags(int place) {
    // [MO-PQ-1] ACQUIRE desc.flags. Partner: MO-DP-1, the driver's release of the flags of the
    // first
    // descriptor it publishes (2.8.21.1.1).
    // Orders: the flags before the rest of the descriptor, the list it begins and the buffers.
    return (short) LE16.getAcquire(desc, descriptor(place) + PackedLayout.DESC_FLAGS) & 0xffff;
  }

  private boolean isAvailable(int flags, int place) {
    return (flags & PackedLayout.F_OWNER) == PackedIndex.available(place, size);
  }

  @Override
  boolean look(Chain chain, int ahead) {
    if (fault() != null) {
      return false;
    }
    while (ahead > known) {
      // How many descriptors a chain has is only known after a look at it.
      if (!look(chain, known)) {
        return false;
      }
    }
    int skip = ahead == 0 ? 0 : ends[(oldest + ahead - 1) & (ends.length - 1)] - consumed;
    int place = PackedIndex.add(nextAvail, skip, size);
    int flags = flags(place);
    if (!isAvailable(flags, place)) {
      return ahead < known && broken(RingFault.DESCRIPTOR_CHANGED, PackedIndex.slot(place, size));
    }
    chain.clear(0);
    int count = walk(chain, place, flags, size - inFlight - skip);
    if (count == 0) {
      return false;
    }
    int end = consumed + skip + count;
    if (ahead == known) {
      remember(end);
    } else if (end != ends[(oldest + ahead) & (ends.length - 1)]) {
      return broken(RingFault.DESCRIPTOR_CHANGED, PackedIndex.slot(place, size));
    }
    chain.state = Chain.State.PEEKED;
    return true;
  }

  @Override
  int look(Batch batch, int most) {
    int wanted = known > 0 ? 0 : countAvailable(Math.min(most, size - inFlight));
    // [MO-PQ-6] ACQUIRE FENCE. Partner: MO-DP-1. Orders: the flags that were counted before the
    // rest
    // of those descriptors, and the buffers.
    VarHandle.acquireFence();
    int direction = batch.isWritable() ? PackedLayout.F_WRITE : 0;
    int slot = PackedIndex.slot(nextAvail, size);
    for (int i = 0; i < wanted; i++) {
      long at = descOff + PackedLayout.descriptor(slot);
      long addr = desc.get(LONG_ANY, at + PackedLayout.DESC_ADDR);
      long word = desc.get(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS);
      int id = (int) (word >>> 32) & 0xffff;
      if ((word >>> 48 & F_ALL) != direction
          || id >= size
          || !batch.put(i, id, addr, word & 0xffffffffL)) {
        return i;
      }
      slot = slot + 1 == size ? 0 : slot + 1;
    }
    return wanted;
  }

  /// How many of the next `most` descriptors are available.
  private int countAvailable(int most) {
    if (most == 0 || !isAvailable(flags(nextAvail), nextAvail)) {
      return 0;
    }
    int count = 1;
    int slot = PackedIndex.slot(nextAvail, size);
    int mine = PackedIndex.available(nextAvail, size);
    while (count < most) {
      slot++;
      if (slot == size) {
        slot = 0;
        mine ^= PackedLayout.F_OWNER;
      }
      long at = descOff + PackedLayout.descriptor(slot);
      if ((desc.get(SHORT, at + PackedLayout.DESC_FLAGS) & PackedLayout.F_OWNER) != mine) {
        return count;
      }
      count++;
    }
    return count;
  }

  private void remember(int end) {
    if (known == ends.length) {
      int[] more = new int[ends.length * 2];
      for (int i = 0; i < known; i++) {
        more[i] = ends[(oldest + i) & (ends.length - 1)];
      }
      ends = more;
      oldest = 0;
    }
    ends[(oldest + known) & (ends.length - 1)] = end;
    known++;
  }

  /// Reads the chain that begins at `place`, where `left` descriptors may be available. One
  /// descriptor without flags but WRITE is the common case.
  ///
  /// @return descriptors it takes in the ring, 0 when it broke the queue
  private int walk(Chain chain, int place, int flags, int left) {
    long at = descriptor(place);
    long addr = desc.get(LONG_ANY, at + PackedLayout.DESC_ADDR);
    long word = desc.get(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS);
    int slot = PackedIndex.slot(place, size);
    if (left == 0) {
      breakQueue(RingFault.RING_OVERRUN, slot);
      return 0;
    }
    if ((flags & (PackedLayout.F_NEXT | PackedLayout.F_INDIRECT)) != 0) {
      return (flags & PackedLayout.F_INDIRECT) != 0
          ? indirect(chain, addr, word, flags, slot)
          : list(chain, place, addr, word, flags, left);
    }
    boolean write = (flags & PackedLayout.F_WRITE) != 0;
    return piece(chain, addr, word & 0xffffffffL, write, slot) && named(chain, word, slot) ? 1 : 0;
  }

  /// Takes the name of the chain from its last descriptor.
  private boolean named(Chain chain, long word, int slot) {
    int id = (int) (word >>> 32) & 0xffff;
    chain.head = id;
    return id < size || broken(RingFault.ID_OUT_OF_RANGE, slot);
  }

  /// Several descriptors in the ring (2.8.6); all of them are written before the first is
  /// available.
  private int list(Chain chain, int first, long addr, long word, int flags, int left) {
    int place = first;
    int count = 1;
    boolean writable = false;
    while (true) {
      int slot = PackedIndex.slot(place, size);
      boolean write = (flags & PackedLayout.F_WRITE) != 0;
      if (writable && !write) {
        breakQueue(RingFault.READABLE_AFTER_WRITABLE, slot);
        return 0;
      }
      writable = write;
      if (!piece(chain, addr, word & 0xffffffffL, write, slot)) {
        return 0;
      }
      if ((flags & PackedLayout.F_NEXT) == 0) {
        return named(chain, word, slot) ? count : 0;
      }
      if (count == left) {
        breakQueue(left == size ? RingFault.CHAIN_TOO_LONG : RingFault.RING_OVERRUN, slot);
        return 0;
      }
      count++;
      place = PackedIndex.add(place, 1, size);
      long at = descriptor(place);
      addr = desc.get(LONG_ANY, at + PackedLayout.DESC_ADDR);
      word = desc.get(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS);
      flags = (int) (word >>> 48);
      if (!isAvailable(flags, place) || (flags & PackedLayout.F_INDIRECT) != 0) {
        breakQueue(
            (flags & PackedLayout.F_INDIRECT) != 0
                ? RingFault.INDIRECT_WITH_NEXT
                : RingFault.LIST_INCOMPLETE,
            PackedIndex.slot(place, size));
        return 0;
      }
    }
  }

  /// One descriptor that refers to a table, whose descriptors follow each other without NEXT and of
  /// whose flags only WRITE means anything (2.8.7).
  private int indirect(Chain chain, long addr, long word, int flags, int slot) {
    if ((flags & PackedLayout.F_NEXT) != 0) {
      breakQueue(RingFault.INDIRECT_WITH_NEXT, slot);
      return 0;
    }
    long len = word & 0xffffffffL;
    MemoryRegion region = table(addr, len, slot);
    if (region == null) {
      return 0;
    }
    int entries = (int) (len / PackedLayout.DESC_SIZE);
    if (entries > size) {
      breakQueue(RingFault.CHAIN_TOO_LONG, slot);
      return 0;
    }
    return entries(chain, region.segment(), region.offset(addr), entries)
            && named(chain, word, slot)
        ? 1
        : 0;
  }

  /// Reads the descriptors of a table, which follow each other; false when that broke the queue.
  private boolean entries(Chain chain, MemorySegment table, long tableOff, int count) {
    boolean writable = false;
    for (int i = 0; i < count; i++) {
      long at = tableOff + PackedLayout.descriptor(i);
      long gpa = table.get(LONG_ANY, at + PackedLayout.DESC_ADDR);
      long entry = table.get(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS);
      boolean write = (entry >>> 48 & PackedLayout.F_WRITE) != 0;
      if (writable && !write) {
        return broken(RingFault.READABLE_AFTER_WRITABLE, i);
      }
      writable = write;
      if (!piece(chain, gpa, entry & 0xffffffffL, write, i)) {
        return false;
      }
    }
    return true;
  }

  @Override
  void consume(Chain chain) {
    if (known == 0) {
      throw new IllegalStateException("chain was peeked twice and is consumed already");
    }
    int count = ends[oldest] - consumed;
    chain.descriptors = count;
    oldest = (oldest + 1) & (ends.length - 1);
    known--;
    Inflight to = account();
    if (to != null) {
      describe(to, count);
    }
    consumed += count;
    inFlight += count;
    nextAvail = PackedIndex.add(nextAvail, count, size);
  }

  /// Tells what the ring says of the chain that is taken now.
  private void describe(Inflight to, int count) {
    for (int i = 0; i < count; i++) {
      long at = descriptor(PackedIndex.add(nextAvail, i, size));
      to.descriptor(
          desc.get(LONG_ANY, at + PackedLayout.DESC_ADDR),
          desc.get(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS));
    }
  }

  @Override
  boolean walk(Chain chain, Inflight.Taken taken) {
    MemorySegment table = taken.descriptors();
    int count = (int) (table.byteSize() / PackedLayout.DESC_SIZE);
    if (count == 0 || count > size || taken.head() >= size) {
      return broken(RingFault.ID_OUT_OF_RANGE, taken.head());
    }
    long word = table.get(LONG_ANY, PackedLayout.DESC_LEN_ID_FLAGS);
    int flags = (int) (word >>> 48);
    if ((flags & PackedLayout.F_INDIRECT) != 0) {
      long addr = table.get(LONG_ANY, PackedLayout.DESC_ADDR);
      return indirect(chain, addr, word, flags, taken.head()) == 1;
    }
    return entries(chain, table, 0, count);
  }

  @Override
  void takeAndUse(Batch batch, int count) {
    // What was looked at singly is looked at again.
    known = 0;
    consumed += count;
    inFlight += count;
    nextAvail = PackedIndex.add(nextAvail, count, size);
    for (int i = 0; i < count; i++) {
      int written = batch.written(i);
      use(batch.head(i), 1, written, !batch.isWritable() || written == batch.length(i));
    }
  }

  @Override
  void use(int id, int descriptors, int written, boolean whole) {
    if (stagedChains == 0) {
      staged();
      pendingAt = nextUsed;
    } else if (!inOrder || !pendingWhole) {
      write();
      pendingAt = nextUsed;
    }
    int flags = PackedIndex.used(pendingAt, size) | (written != 0 ? PackedLayout.F_WRITE : 0);
    pending = (written & 0xffffffffL) | (long) id << 32 | (long) flags << 48;
    pendingWhole = whole;
    stagedChains++;
    nextUsed = PackedIndex.add(nextUsed, descriptors, size);
    inFlight -= descriptors;
  }

  /// Writes the pending used descriptor. The first of a burst waits for the second, whose flags say
  /// that it is written too: see [PackedRecovery].
  private void write() {
    if (pendingAt == publishedUsed) {
      first = pending;
      firstWritten = false;
    } else {
      writeFirst();
      desc.set(LONG_ANY, descriptor(pendingAt) + PackedLayout.DESC_LEN_ID_FLAGS, pending);
      written(pendingAt);
    }
  }

  /// Writes all of the burst's first used descriptor but its flags.
  private void writeFirst() {
    if (!firstWritten) {
      firstWritten = true;
      long at = descriptor(publishedUsed);
      desc.set(INT, at + PackedLayout.DESC_LEN_ID_FLAGS, (int) first);
      desc.set(SHORT, at + PackedLayout.DESC_ID, (short) (first >>> 32));
    }
  }

  /// Tells the log of a used descriptor.
  private void written(int place) {
    sharedPartWritten(
        descGpa + PackedLayout.descriptor(PackedIndex.slot(place, size)), PackedLayout.DESC_SIZE);
  }

  @Override
  int unserved() {
    return known > 0 ? known : isAvailable(flags(nextAvail), nextAvail) ? 1 : 0;
  }

  @Override
  boolean publishStaged() {
    write();
    writeFirst();
    int old = publishedUsed;
    int moved = PackedIndex.distance(old, nextUsed, size);
    ledger.add(Event.IOS, stagedChains);
    stagedChains = 0;
    publishedUsed = nextUsed;
    publishing(PackedIndex.encoded(nextUsed, size));
    // [MO-PQ-2] RELEASE desc.flags. Partner: MO-DP-3, the driver's acquire of the flags of the next
    // used descriptor (2.8.22).
    // Orders: the rest of this and all later used descriptors of the burst, and every byte written
    // into the chains, before the flags of the first.
    LE16.setRelease(desc, descriptor(old) + PackedLayout.DESC_FLAGS, (short) (first >>> 48));
    published();
    written(old);
    // [MO-PQ-3] FULL FENCE. Partner: MO-DP-4, the driver's fence between unmasking and its second
    // look.
    // Orders: our store of the flags before our load of the driver's event suppression; without it
    // both sides could miss each other and the driver would sleep on a used buffer.
    VarHandle.fullFence();
    int event = (int) LE32.getOpaque(driverEvent, driverEventOff);
    return switch (PackedLayout.eventFlags(event)) {
      case PackedLayout.EVENT_DISABLE -> false;
      case PackedLayout.EVENT_DESC ->
          !eventIdx || PackedIndex.passed(PackedLayout.eventPlace(event), nextUsed, moved, size);
      default -> true;
    };
  }

  @Override
  boolean arm() {
    int event =
        eventIdx
            ? PackedLayout.event(PackedLayout.EVENT_DESC, PackedIndex.encoded(nextAvail, size))
            : PackedLayout.event(PackedLayout.EVENT_ENABLE, 0);
    askForKicks(event);
    // [MO-PQ-4] FULL FENCE. Partner: MO-DP-2, the driver's fence between its flags and our event
    // suppression.
    // Orders: our request for kicks before our second look at the flags of the next descriptor.
    VarHandle.fullFence();
    return known > 0 || isAvailable(flags(nextAvail), nextAvail);
  }

  @Override
  public void suppressKicks() {
    askForKicks(PackedLayout.event(PackedLayout.EVENT_DISABLE, 0));
  }

  private void askForKicks(int event) {
    LE32.setOpaque(deviceEvent, deviceEventOff, event);
    ringWritten(0, PackedLayout.EVENT_SIZE);
  }
}
