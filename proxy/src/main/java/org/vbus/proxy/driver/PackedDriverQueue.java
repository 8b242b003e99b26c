package org.vbus.proxy.driver;

import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LE16;
import static org.vbus.core.memory.LittleEndian.LE32;
import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.PackedIndex;
import org.vbus.core.ring.PackedLayout;
import org.vbus.core.ring.VirtQueue;

/// Driver half of a packed virtqueue (2.8).
///
/// Chains are written into the ring as they are built; the flags of the first descriptor since the
/// last publication are withheld, and with them all that follow.
final class PackedDriverQueue extends DriverQueue {
  private final long ring;
  private final long driverEvent;
  private final long deviceEvent;

  /// Token by buffer id.
  private final int[] tokens;

  /// Descriptors a chain occupies in the ring, by buffer id.
  private final int[] counts;

  /// Device-writable bytes of a chain, by buffer id; IN_ORDER only.
  private final int[] room;

  /// Buffer ids not in flight: `size` places, those from `firstId` on are free, the longest free
  /// first. With IN_ORDER ids therefore come in ascending order, again and again.
  private final int[] ids;

  private int firstId;
  private int endId;

  /// Id of the chain offered for longest; IN_ORDER only.
  private int oldest;

  // Places in the ring, as PackedIndex numbers them.
  private int nextAvail;
  private int publishedAvail;
  private int nextUsed;

  /// Flags of the descriptor at `publishedAvail`, to be stored last.
  private short firstFlags;

  // The chain being built: its buffer id, and the words of its first and its last descriptor.
  private int id = NONE;
  private long firstWord;
  private long lastWord;

  PackedDriverQueue(
      int index, int size, long features, int indirectEntries, GuestHeap heap, Ledger ledger) {
    super(index, size, features, indirectEntries, heap, ledger);
    this.ring = heap.allocate(PackedLayout.descBytes(size), PackedLayout.DESC_ALIGN);
    this.driverEvent = heap.allocate(PackedLayout.EVENT_SIZE, GuestHeap.GRAIN);
    this.deviceEvent = heap.allocate(PackedLayout.EVENT_SIZE, GuestHeap.GRAIN);
    this.tokens = new int[size];
    this.counts = new int[size];
    this.room = new int[inOrder ? size : 0];
    this.ids = new int[size];
    start();
  }

  private void start() {
    for (int i = 0; i < size; i++) {
      ids[i] = i;
    }
    firstId = 0;
    endId = 0;
    free = size;
  }

  @Override
  public void reset() {
    memory.asSlice(ring, PackedLayout.descBytes(size)).fill((byte) 0);
    memory.set(INT, driverEvent, 0);
    memory.set(INT, deviceEvent, 0);
    Arrays.fill(counts, 0);
    nextAvail = 0;
    publishedAvail = 0;
    nextUsed = 0;
    oldest = 0;
    id = NONE;
    batchEnd = NONE;
    start();
  }

  @Override
  public VirtQueue.Addresses addresses() {
    return new VirtQueue.Addresses(
        size, heap.gpa(ring), heap.gpa(driverEvent), heap.gpa(deviceEvent));
  }

  @Override
  public void release() {
    heap.release(ring, PackedLayout.descBytes(size));
    heap.release(driverEvent, PackedLayout.EVENT_SIZE);
    heap.release(deviceEvent, PackedLayout.EVENT_SIZE);
    super.release();
  }

  private int after(int n) {
    return n + 1 == size ? 0 : n + 1;
  }

  private long descriptor(int place) {
    return ring + PackedLayout.descriptor(PackedIndex.slot(place, size));
  }

  @Override
  public void begin() {
    super.begin();
    id = ids[firstId];
  }

  @Override
  void append(long gpa, int len, int flags) {
    if (id == NONE || free == 0 || built == (indirectEntries > 0 ? indirectEntries : free)) {
      throw noRoom();
    }
    if (indirectEntries > 0) {
      long at = tableOf(id) + PackedLayout.descriptor(built++);
      memory.set(LONG_ANY, at + PackedLayout.DESC_ADDR, gpa);
      memory.set(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS, word(len, 0, flags));
      return;
    }
    int place = PackedIndex.add(nextAvail, built, size);
    if (built == 1) {
      firstWord = lastWord | nextFlag();
    } else if (built > 1) {
      store(PackedIndex.add(nextAvail, built - 1, size), lastWord | nextFlag());
    }
    memory.set(LONG_ANY, descriptor(place) + PackedLayout.DESC_ADDR, gpa);
    lastWord = word(len, id, flags | PackedIndex.available(place, size));
    built++;
  }

  private static long nextFlag() {
    return (long) PackedLayout.F_NEXT << 48;
  }

  private static long word(int len, int id, int flags) {
    return (len & 0xffffffffL) | (long) id << 32 | (long) flags << 48;
  }

  /// Stores length, id and flags of a descriptor, without the flags where they have to wait.
  private void store(int place, long word) {
    long at = descriptor(place);
    if (place == publishedAvail) {
      memory.set(INT, at + PackedLayout.DESC_LEN_ID_FLAGS, (int) word);
      memory.set(SHORT, at + PackedLayout.DESC_ID, (short) (word >>> 32));
      firstFlags = (short) (word >>> 48);
    } else {
      memory.set(LONG_ANY, at + PackedLayout.DESC_LEN_ID_FLAGS, word);
    }
  }

  @Override
  public void commit(int token) {
    if (id == NONE || built == 0) {
      throw emptyChain();
    }
    int count = built;
    if (indirectEntries > 0) {
      count = 1;
      int flags = PackedLayout.F_INDIRECT | PackedIndex.available(nextAvail, size);
      memory.set(LONG_ANY, descriptor(nextAvail) + PackedLayout.DESC_ADDR, heap.gpa(tableOf(id)));
      store(nextAvail, word(built * PackedLayout.DESC_SIZE, id, flags));
    } else if (count == 1) {
      store(nextAvail, lastWord);
    } else {
      // The first descriptor of a list after the rest of it (2.8.17).
      store(PackedIndex.add(nextAvail, count - 1, size), lastWord);
      store(nextAvail, firstWord);
    }
    counts[id] = count;
    tokens[id] = token;
    if (inOrder) {
      room[id] = writable;
    }
    nextAvail = PackedIndex.add(nextAvail, count, size);
    free -= count;
    firstId = after(firstId);
    id = NONE;
  }

  @Override
  public boolean publish() {
    int old = publishedAvail;
    int now = nextAvail;
    if (old == now) {
      return false;
    }
    publishedAvail = now;
    // [MO-DP-1] RELEASE desc.flags. Partner: MO-PQ-1, MO-PQ-6, the device's acquires
    // (2.8.21.1.1).
    // Orders: buffers, the rest of this descriptor and all later ones, before the flags of the
    // first.
    LE16.setRelease(memory, descriptor(old) + PackedLayout.DESC_FLAGS, firstFlags);
    // [MO-DP-2] FULL FENCE. Partner: MO-PQ-4, the device's fence between asking for kicks and its
    // second look (2.8.21.3.1).
    // Orders: the flags before our load of the device's event suppression.
    VarHandle.fullFence();
    int event = (int) LE32.getOpaque(memory, deviceEvent);
    boolean kick =
        switch (PackedLayout.eventFlags(event)) {
          case PackedLayout.EVENT_DISABLE -> false;
          case PackedLayout.EVENT_DESC ->
              PackedIndex.passed(
                  PackedLayout.eventPlace(event), now, PackedIndex.distance(old, now, size), size);
          default -> true;
        };
    ledger.add(kick ? Event.KICKS : Event.KICKS_SUPPRESSED, 1);
    return kick;
  }

  @Override
  public boolean hasUsed() {
    if (batchEnd != NONE) {
      return true;
    }
    // [MO-DP-3] ACQUIRE desc.flags. Partner: MO-PQ-2, the device's release (2.8.22).
    // Orders: the flags before length and id and the bytes the device wrote.
    int flags = (short) LE16.getAcquire(memory, descriptor(nextUsed) + PackedLayout.DESC_FLAGS);
    return (flags & PackedLayout.F_OWNER) == PackedIndex.used(nextUsed, size) && free < size;
  }

  @Override
  public int nextUsed() {
    if (!hasUsed()) {
      return -1;
    }
    if (inOrder) {
      return nextInOrder();
    }
    long word = memory.get(LONG_ANY, descriptor(nextUsed) + PackedLayout.DESC_LEN_ID_FLAGS);
    int back = offered(word);
    usedLength = lengthOf(word);
    reclaim(back);
    return tokens[back];
  }

  private int offered(long word) {
    int back = (int) (word >>> 32) & 0xffff;
    if (back >= size || counts[back] == 0) {
      throw notOffered(back);
    }
    return back;
  }

  /// The length means nothing where the device says that it wrote nothing (2.8.4).
  private static int lengthOf(long word) {
    return (word >>> 48 & PackedLayout.F_WRITE) != 0 ? (int) word : 0;
  }

  /// The used descriptor found first names the last chain of a batch; those before it were used
  /// completely (2.8.8).
  private int nextInOrder() {
    if (batchEnd == NONE) {
      long word = memory.get(LONG_ANY, descriptor(nextUsed) + PackedLayout.DESC_LEN_ID_FLAGS);
      batchEnd = offered(word);
      batchLength = lengthOf(word);
    }
    int back = oldest;
    oldest = after(back);
    if (back == batchEnd) {
      batchEnd = NONE;
      usedLength = batchLength;
    } else {
      usedLength = room[back];
    }
    reclaim(back);
    return tokens[back];
  }

  private void reclaim(int back) {
    int count = counts[back];
    counts[back] = 0;
    free += count;
    nextUsed = PackedIndex.add(nextUsed, count, size);
    ids[endId] = back;
    endId = after(endId);
  }

  @Override
  public void disableSignals() {
    LE32.setOpaque(memory, driverEvent, PackedLayout.event(PackedLayout.EVENT_DISABLE, 0));
  }

  @Override
  public boolean enableSignals() {
    int event =
        eventIdx
            ? PackedLayout.event(PackedLayout.EVENT_DESC, PackedIndex.encoded(nextUsed, size))
            : PackedLayout.event(PackedLayout.EVENT_ENABLE, 0);
    LE32.setOpaque(memory, driverEvent, event);
    // [MO-DP-4] FULL FENCE. Partner: MO-PQ-3. Orders: our request for signals before our second
    // look.
    VarHandle.fullFence();
    return hasUsed();
  }
}
