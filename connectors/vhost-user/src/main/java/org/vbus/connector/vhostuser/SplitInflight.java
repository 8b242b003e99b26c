package org.vbus.connector.vhostuser;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vbus.core.ring.Inflight;
import org.vbus.core.ring.U16;

/// What is in flight of a split queue, by head (`QueueRegionSplit`).
///
/// ```
/// 0 u64 features   8 u16 version  10 u16 entries  12 u16 last batch head  14 u16 used idx
/// entry: 0 u8 in flight   6 u16 next of the last batch   8 u64 counter
/// ```
///
/// Heads that were given back are listed before the used index moves and taken off the account
/// afterwards: who finds another used index than is noted here does the rest.
final class SplitInflight implements Inflight {
  private static final int HEADER = 16;
  private static final int ENTRY = 16;
  private static final long LAST_BATCH = 12;
  private static final long USED_IDX = 14;
  private static final long NEXT = 6;
  private static final long COUNTER = 8;

  private final InflightRegion region;
  private final int size;
  private final boolean continued;

  /// Heads given back since the last publication.
  private final int[] batch;

  private int staged;
  private int lastBatch;
  private int usedIdx;
  private long counter;

  /// The account of a queue of `size` entries, whose used index is `usedIdx`; the one that is kept
  /// in `region`, or a new one.
  ///
  /// @param entries how many the region has, at least `size`
  SplitInflight(InflightRegion region, int entries, int size, int usedIdx) {
    this.region = region;
    this.size = size;
    this.batch = new int[size];
    this.usedIdx = usedIdx;
    int ahead = U16.distance(region.getShort(USED_IDX), usedIdx);
    // Another driver's ring, if it is used further than a ring is long.
    this.continued = region.isKept(entries) && ahead <= size;
    if (continued) {
      this.lastBatch = region.getShort(LAST_BATCH);
      finishBatch(ahead);
    } else {
      region.clear();
      region.keep(entries);
    }
    region.putShort(USED_IDX, usedIdx);
  }

  /// Bytes of a region.
  static long bytes(int entries) {
    return HEADER + (long) ENTRY * entries;
  }

  private static long entry(int head) {
    return HEADER + (long) ENTRY * head;
  }

  /// Takes off the account what became visible before the process that kept it ended.
  private void finishBatch(int count) {
    int head = lastBatch;
    for (int i = 0; i < count && head < size; i++) {
      region.putByte(entry(head), 0);
      head = region.getShort(entry(head) + NEXT);
    }
  }

  /// Where the queue stands: behind what is in flight, if that is known.
  int position(int said) {
    return continued ? U16.add(usedIdx, taken().length) | usedIdx << 16 : said;
  }

  @Override
  public Taken[] taken() {
    record Head(int head, long counter) {}
    List<Head> heads = new ArrayList<>();
    for (int head = 0; head < size; head++) {
      if (region.getByte(entry(head)) == 1) {
        heads.add(new Head(head, region.getLong(entry(head) + COUNTER)));
      }
    }
    heads.sort(Comparator.comparingLong(Head::counter));
    if (!heads.isEmpty()) {
      counter = Math.max(counter, heads.getLast().counter + 1);
    }
    return heads.stream()
        .map(each -> new Taken(each.head, MemorySegment.NULL))
        .toArray(Taken[]::new);
  }

  @Override
  public void descriptor(long addr, long rest) {}

  @Override
  public void take(int head) {
    region.fill(entry(head) + COUNTER, counter++);
    region.putByte(entry(head), 1);
  }

  @Override
  public void use(int head) {
    // A driver that makes a head available twice has more of them than entries.
    if (staged < size) {
      batch[staged++] = head;
    }
  }

  @Override
  public void publishing(int used) {
    usedIdx = used;
    for (int i = 0; i < staged; i++) {
      region.fill(entry(batch[i]) + NEXT, lastBatch);
      lastBatch = batch[i];
      region.putShort(LAST_BATCH, lastBatch);
    }
  }

  @Override
  public void published() {
    for (int i = 0; i < staged; i++) {
      region.putByte(entry(batch[i]), 0);
    }
    staged = 0;
    region.putShort(USED_IDX, usedIdx);
  }
}
