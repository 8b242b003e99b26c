package org.vbus.core.ring;

import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LE16;

import java.lang.foreign.MemorySegment;
import org.vbus.core.feature.Feature;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;

/// Finds out where a packed queue stands from its descriptors, for a device that goes on where
/// another was killed: nobody could ask that one, and the driver's monitor remembers at best where
/// it had begun. A split queue has its used index in memory, a packed one only the marks that
/// descriptors bear (2.8.1):
///
/// ```
///   used used used  available  used used  available available  (used used ...)
///                   ^ (1)                 ^ next used          ^ next available
/// ```
///
/// At (1) begins a burst that was cut off: the driver waits for its first descriptor. It is
/// finished as [PackedQueue] would have, which had written that descriptor but for its flags before
/// it wrote any other. What is available is served, again if it was under way.
///
/// The marks tell this where each chain is one descriptor, as it is wherever drivers put longer
/// ones into indirect tables; what looks otherwise is left where it was said to stand. Of chains
/// completed out of order some may be served twice and others not at all.
final class PackedRecovery {
  private static final int TRIES = 3;

  private final MemorySegment desc;
  private final long descOff;
  private final int size;

  private PackedRecovery(MemorySegment desc, long descOff, int size) {
    this.desc = desc;
    this.descOff = descOff;
    this.size = size;
  }

  /// The position of the queue at these addresses.
  ///
  /// @param said where it stood at some time, see [VirtQueue#position()]
  /// @return that, or where the descriptors show that it stands
  static int position(VirtQueue.Addresses at, GuestMemory memory, long features, int said) {
    int size = at.size();
    if (!Feature.INDIRECT_DESC.in(features) || !PackedLayout.isLegalSize(size)) {
      return said;
    }
    MemoryRegion region =
        VirtQueue.part(memory, at.desc(), PackedLayout.descBytes(size), PackedLayout.DESC_ALIGN);
    return region == null
        ? said
        : new PackedRecovery(region.segment(), region.offset(at.desc()), size).position(said);
  }

  private int position(int said) {
    int end = nextAvailable();
    if (end < 0) {
      return said;
    }
    int begin = PackedIndex.add(end, size, size);
    int last = behindLastUsed(begin, end);
    int place = PackedIndex.decoded(said >>> 16, size);
    if (place == last || endsList(last, place, end)) {
      return said;
    }
    int first = skipUsed(begin, last);
    if (first == last) {
      return at(last);
    }
    if (skipUsed(PackedIndex.add(first, 1, size), last) != last) {
      return said;
    }
    finish(first);
    return at(last);
  }

  private int at(int place) {
    int encoded = PackedIndex.encoded(place, size);
    return encoded | encoded << 16;
  }

  private int flags(int place) {
    long at = descOff + PackedLayout.descriptor(PackedIndex.slot(place, size));
    return (short) LE16.getOpaque(desc, at + PackedLayout.DESC_FLAGS) & 0xffff;
  }

  /// Where the driver goes on: there the AVAIL bits change, which using a descriptor leaves as they
  /// are.
  ///
  /// @return -1 when there is no such place
  private int nextAvailable() {
    for (int i = 0; i < TRIES; i++) {
      // The last ones first: a driver that goes on meanwhile only seems to be a little further.
      int changes = 0;
      int slot = size;
      boolean previous = false;
      for (int j = size - 1; j >= 0; j--) {
        boolean bit = (flags(j) & PackedLayout.F_AVAIL) != 0;
        if (j < size - 1 && bit != previous) {
          changes++;
          slot = j + 1;
        }
        previous = bit;
      }
      if (changes < 2) {
        return PackedIndex.add(previous ? 0 : size, slot, size);
      }
    }
    return -1;
  }

  private boolean isUsed(int place) {
    return (flags(place) & PackedLayout.F_OWNER) == PackedIndex.used(place, size);
  }

  /// The first place from `from` on that is not used, at most `end`.
  private int skipUsed(int from, int end) {
    int place = from;
    while (place != end && isUsed(place)) {
      place = PackedIndex.add(place, 1, size);
    }
    return place;
  }

  /// The place from which on all up to `end` are available.
  private int behindLastUsed(int begin, int end) {
    int place = end;
    do {
      int before = PackedIndex.add(place, 2 * size - 1, size);
      if (isUsed(before)) {
        return place;
      }
      place = before;
    } while (place != begin);
    return begin;
  }

  /// Whether from `first` to `place` there is just the rest of a list whose head is used.
  private boolean endsList(int first, int place, int end) {
    if (place < 0) {
      return false;
    }
    int rest = PackedIndex.distance(first, place, size);
    if (rest == 0 || rest > PackedIndex.distance(first, end, size)) {
      return false;
    }
    for (int i = 0; i < rest; i++) {
      boolean more = (flags(PackedIndex.add(first, i, size)) & PackedLayout.F_NEXT) != 0;
      if (more != i < rest - 1) {
        return false;
      }
    }
    return true;
  }

  /// Gives the driver the descriptor that it waits for, and with it those behind it.
  private void finish(int place) {
    long at = descOff + PackedLayout.descriptor(PackedIndex.slot(place, size));
    boolean written = desc.get(INT, at + PackedLayout.DESC_LEN_ID_FLAGS) != 0;
    int flags = PackedIndex.used(place, size) | (written ? PackedLayout.F_WRITE : 0);
    // [MO-PQ-5] RELEASE desc.flags. Partner: MO-DP-3, the driver's acquire of the flags of the next
    // used descriptor.
    // Orders: our loads of the burst's flags, which found it written, before the flags of its first
    // descriptor; who wrote it is dead.
    LE16.setRelease(desc, at + PackedLayout.DESC_FLAGS, (short) flags);
  }
}
