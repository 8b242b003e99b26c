package org.vbus.connector.vhostuser;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.vbus.core.ring.Inflight;
import org.vbus.core.ring.PackedIndex;

/// What is in flight of a packed queue, with copies of its descriptors, which used ones overwrite
/// in the ring (`QueueRegionPacked`).
///
/// ```
/// 0 u64 features   8 u16 version  10 u16 entries
/// 12 u16 free head 14 u16 old    16 u16 used idx 18 u16 old    20 u8 used wrap 21 u8 old
/// entry: 0 u8 in flight   2 u16 next   4 u16 last   6 u16 descriptors   8 u64 counter
///       16 u16 id   18 u16 flags   20 u32 len   24 u64 addr
/// ```
///
/// Entries are in the free list or in the list of a chain. The "old" fields are those that count
/// until the first descriptor of a burst is seen to be used: entries that were given back are free
/// before that, and no others are taken meanwhile.
final class PackedInflight implements Inflight {
  private static final int HEADER = 32;
  private static final int ENTRY = 32;
  private static final long FREE = 12;
  private static final long OLD_FREE = 14;
  private static final long USED = 16;
  private static final long OLD_USED = 18;
  private static final long WRAP = 20;
  private static final long OLD_WRAP = 21;
  private static final long NEXT = 2;
  private static final long LAST = 4;
  private static final long COUNT = 6;
  private static final long COUNTER = 8;
  private static final long REST = 16;
  private static final long ADDR = 24;
  private static final int NONE = -1;
  private static final int DESC = 16;

  private final InflightRegion region;
  private final int entries;
  private final int size;
  private final boolean continued;

  /// Of an entry, the one behind it in its list; `entries` behind the last free one.
  private final int[] next;

  /// Of the first entry of a chain, its last.
  private final int[] lasts;

  /// By id of a chain in flight, its first entry.
  private final int[] first;

  /// First entries of the chains given back since the last publication.
  private final int[] batch;

  private int staged;
  private int free;
  private int used;
  private long counter;

  // The chain whose descriptors are being told.
  private int head = NONE;
  private int last;
  private int count;

  /// The account of a queue of `size` entries; the one that is kept in `region`, or a new one.
  ///
  /// @param entries how many the region has, at least `size`
  /// @param said where the queue stands, if the region does not know, as of a vring base
  /// @throws ProtocolException when what is kept there makes no sense
  PackedInflight(InflightRegion region, int entries, int size, int said, MarkedRing ring)
      throws ProtocolException {
    this.region = region;
    this.entries = entries;
    this.size = size;
    this.next = new int[entries];
    this.lasts = new int[entries];
    this.first = new int[size];
    this.batch = new int[size];
    this.continued = region.isKept(entries);
    Arrays.fill(first, NONE);
    if (continued) {
      resume(ring);
    } else {
      begin(said >>> 16);
    }
  }

  /// Bytes of a region.
  static long bytes(int entries) {
    return HEADER + (long) ENTRY * entries;
  }

  private static long entry(int i) {
    return HEADER + (long) ENTRY * i;
  }

  private void begin(int usedNow) {
    region.clear();
    for (int i = 0; i < entries; i++) {
      next[i] = i + 1;
      region.fill(entry(i) + NEXT, i + 1);
    }
    used = usedNow;
    putUsed(USED, WRAP);
    putUsed(OLD_USED, OLD_WRAP);
    region.keep(entries);
  }

  private void putUsed(long idx, long wrap) {
    region.putShort(idx, used & 0x7fff);
    region.putByte(wrap, used >>> 15);
  }

  private int getUsed(long idx, long wrap) {
    return (region.getShort(idx) & 0x7fff) | (region.getByte(wrap) & 1) << 15;
  }

  private void resume(MarkedRing ring) throws ProtocolException {
    int old = PackedIndex.decoded(getUsed(OLD_USED, OLD_WRAP), size);
    check(old >= 0);
    used = getUsed(USED, WRAP);
    free = region.getShort(FREE);
    if (PackedIndex.encoded(old, size) == used || ring.isAvailable(old)) {
      // The burst that was under way, if any, did not become visible.
      used = PackedIndex.encoded(old, size);
      free = region.getShort(OLD_FREE);
    }
    check(PackedIndex.decoded(used, size) >= 0);
    readFreeList();
    putUsed(USED, WRAP);
    region.putShort(FREE, free);
    commit();
    // Used descriptors of that burst beyond its first may be there, and would be seen with the
    // next.
    int place = PackedIndex.decoded(used, size);
    for (int left = descriptorsInFlight(); left > 0; left--) {
      ring.makeAvailable(place);
      place = PackedIndex.add(place, 1, size);
    }
  }

  /// Takes over the links, and what is in flight but free: its process ended before it was noted.
  private void readFreeList() throws ProtocolException {
    for (int i = 0; i < entries; i++) {
      next[i] = region.getShort(entry(i) + NEXT);
    }
    int seen = 0;
    for (int i = free; i < entries; i = next[i]) {
      check(seen++ < entries);
      region.putByte(entry(i), 0);
    }
  }

  private int descriptorsInFlight() throws ProtocolException {
    int sum = 0;
    for (Taken each : taken()) {
      sum += (int) (each.descriptors().byteSize() / DESC);
      check(sum <= size && each.head() < size);
    }
    for (int i = 0; i < entries; i++) {
      if (region.getByte(entry(i)) == 1) {
        first[id(i)] = i;
        lasts[i] = lastOf(i);
      }
    }
    return sum;
  }

  private static void check(boolean sense) throws ProtocolException {
    if (!sense) {
      throw new ProtocolException("the account of what is in flight contradicts itself");
    }
  }

  /// Where the queue stands: behind what is in flight, if that is known.
  int position(int said) throws ProtocolException {
    if (!continued) {
      return said;
    }
    int place = PackedIndex.add(PackedIndex.decoded(used, size), descriptorsInFlight(), size);
    return PackedIndex.encoded(place, size) | used << 16;
  }

  /// The id of the chain that begins at entry `i`, which its last descriptor has.
  private int id(int i) {
    return region.getShort(entry(lastOf(i)) + REST);
  }

  private int lastOf(int i) {
    return Math.min(region.getShort(entry(i) + LAST), entries - 1);
  }

  @Override
  public Taken[] taken() {
    record Chain(int entry, long counter) {}
    List<Chain> chains = new ArrayList<>();
    for (int i = 0; i < entries; i++) {
      if (region.getByte(entry(i)) == 1) {
        chains.add(new Chain(i, region.getLong(entry(i) + COUNTER)));
      }
    }
    chains.sort(Comparator.comparingLong(Chain::counter));
    if (!chains.isEmpty()) {
      counter = Math.max(counter, chains.getLast().counter + 1);
    }
    return chains.stream()
        .map(each -> new Taken(id(each.entry), copy(each.entry)))
        .toArray(Taken[]::new);
  }

  /// The descriptors of a chain as they were in the ring.
  private MemorySegment copy(int from) {
    int length = Math.min(region.getShort(entry(from) + COUNT), size);
    MemorySegment copy = Arena.ofAuto().allocate((long) length * DESC, DESC);
    int i = from;
    for (int done = 0; done < length && i < entries; done++) {
      long rest = region.getLong(entry(i) + REST);
      long at = (long) done * DESC;
      copy.set(ValueLayout.JAVA_LONG, at, region.getLong(entry(i) + ADDR));
      // id, flags and len here, len, id and flags there
      copy.set(ValueLayout.JAVA_LONG, at + 8, Long.rotateLeft(rest, 32));
      i = next[i];
    }
    return copy;
  }

  @Override
  public void descriptor(long addr, long rest) {
    if (free >= entries) {
      // More in flight than there can be: the driver overwrote what it had not got back.
      head = NONE;
      return;
    }
    if (head == NONE) {
      head = free;
      count = 0;
    }
    last = free;
    count++;
    region.fill(entry(free) + ADDR, addr);
    region.fill(entry(free) + REST, Long.rotateLeft(rest, 32));
    free = next[free];
  }

  @Override
  public void take(int id) {
    if (head == NONE) {
      return;
    }
    if (first[id] != NONE) {
      forgetTwin(id);
    }
    long at = entry(head);
    lasts[head] = last;
    region.fill(at + LAST, last);
    region.fill(at + COUNT, count);
    region.fill(at + COUNTER, counter++);
    region.putByte(at, 1);
    region.putShort(FREE, free);
    region.putShort(OLD_FREE, free);
    first[id] = head;
    head = NONE;
  }

  /// A driver that has two chains of one id in flight cannot tell them apart; neither can this.
  private void forgetTwin(int id) {
    int twin = first[id];
    region.putByte(entry(twin), 0);
    release(twin);
  }

  /// Puts the entries of a chain before the free ones.
  private void release(int chain) {
    int end = lasts[chain];
    next[end] = free;
    region.fill(entry(end) + NEXT, free);
    free = chain;
  }

  @Override
  public void use(int id) {
    int chain = first[id];
    if (chain != NONE && staged < size) {
      first[id] = NONE;
      batch[staged++] = chain;
    }
  }

  @Override
  public void publishing(int usedThen) {
    for (int i = 0; i < staged; i++) {
      release(batch[i]);
      region.putShort(FREE, free);
    }
    used = usedThen;
    putUsed(USED, WRAP);
  }

  @Override
  public void published() {
    for (int i = 0; i < staged; i++) {
      region.putByte(entry(batch[i]), 0);
    }
    staged = 0;
    commit();
  }

  private void commit() {
    region.putShort(OLD_FREE, free);
    putUsed(OLD_USED, OLD_WRAP);
  }
}
