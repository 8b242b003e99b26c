package org.vbus.connector.vhostuser;

import static org.vbus.core.memory.LittleEndian.LE16;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.PackedIndex;
import org.vbus.core.ring.PackedLayout;
import org.vbus.core.ring.VirtQueue;

/// The marks by which both sides of a packed ring know whose each descriptor is, for who takes the
/// ring over from a back-end that was killed.
///
/// Places are those of [PackedIndex]. The driver may go on meanwhile, no back-end does.
final class MarkedRing {
  private final MemorySegment desc;
  private final long offset;
  private final int size;

  private MarkedRing(MemorySegment desc, long offset, int size) {
    this.desc = desc;
    this.offset = offset;
    this.size = size;
  }

  /// The ring at these addresses, or null when it is misaligned or not wholly in one region of
  /// memory.
  static @Nullable MarkedRing at(VirtQueue.Addresses at, GuestMemory memory) {
    MemoryRegion region = memory.find(at.desc(), PackedLayout.descBytes(at.size()));
    if (region == null) {
      return null;
    }
    long offset = region.offset(at.desc());
    boolean aligned = ((region.segment().address() + offset) & (PackedLayout.DESC_ALIGN - 1)) == 0;
    return aligned ? new MarkedRing(region.segment(), offset, at.size()) : null;
  }

  private long flagsAt(int place) {
    return offset
        + PackedLayout.descriptor(PackedIndex.slot(place, size))
        + PackedLayout.DESC_FLAGS;
  }

  private int flags(int place) {
    return (short) LE16.getOpaque(desc, flagsAt(place)) & 0xffff;
  }

  /// Whether the descriptor there is marked available still, in its round.
  boolean isAvailable(int place) {
    return (flags(place) & PackedLayout.F_OWNER) == PackedIndex.available(place, size);
  }

  /// Marks the descriptor there available, if it is marked used: the driver, which waits for one
  /// before it, has not seen that.
  void makeAvailable(int place) {
    int flags = flags(place);
    if ((flags & PackedLayout.F_OWNER) == PackedIndex.used(place, size)) {
      int back = (flags & ~PackedLayout.F_OWNER) | PackedIndex.available(place, size);
      LE16.setOpaque(desc, flagsAt(place), (short) back);
    }
  }
}
