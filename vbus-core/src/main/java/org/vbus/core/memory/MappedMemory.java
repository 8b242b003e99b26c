package org.vbus.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Guest memory that is mapped as a whole, as one or several regions.
public final class MappedMemory implements GuestMemory {
  private final MemoryRegion[] regions;

  /// A snapshot of these regions.
  ///
  /// @throws IllegalArgumentException when two regions overlap
  public MappedMemory(List<MemoryRegion> regions) {
    this.regions = regions.toArray(new MemoryRegion[0]);
    Arrays.sort(this.regions, Comparator.comparingLong(MemoryRegion::base));
    for (int i = 1; i < this.regions.length; i++) {
      MemoryRegion below = this.regions[i - 1];
      if (below.base() + below.size() > this.regions[i].base()) {
        throw new IllegalArgumentException(
            "memory regions at 0x%x and 0x%x overlap"
                .formatted(below.base(), this.regions[i].base()));
      }
    }
  }

  @Override
  public Capability capability() {
    return Capability.MAPPED;
  }

  @Override
  public @Nullable MemoryRegion find(long gpa) {
    int low = 0;
    int high = regions.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      MemoryRegion region = regions[middle];
      if (region.contains(gpa, 1)) {
        return region;
      }
      if (Long.compareUnsigned(gpa, region.base()) < 0) {
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return null;
  }

  @Override
  public long gpaOf(MemorySegment segment, long offset) {
    for (MemoryRegion region : regions) {
      if (region.segment().equals(segment)) {
        return region.base() + offset;
      }
    }
    return -1;
  }
}
