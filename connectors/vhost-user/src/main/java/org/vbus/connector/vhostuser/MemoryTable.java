package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.linux.Fd;
import org.vbus.linux.ForeignMemory;

/// The memory that a front-end shares, by guest address and by its own (`uva`). An immutable
/// snapshot: a change makes a new table, which shares the mappings of regions that stay.
///
/// Who replaces a table unmaps what the new one lacks ([#unmapAllBut]) once no loop uses the old
/// one.
final class MemoryTable {
  /// The table before the front-end has shared anything.
  static final MemoryTable EMPTY = new MemoryTable(List.of());

  /// More than any machine has slots for memory: 509, as KVM and the Linux kernel's vhost have it.
  static final int MAX_REGIONS = 509;

  private final List<Region> regions;
  private final GuestMemory memory;

  /// What a front-end says about one region.
  ///
  /// @param gpa guest-physical address
  /// @param size bytes
  /// @param uva address in the front-end
  /// @param offset where it begins in its file
  record Place(long gpa, long size, long uva, long offset) {
    boolean sameAs(Place other) {
      return gpa == other.gpa && size == other.size && uva == other.uva;
    }

    private boolean overlaps(Place other) {
      return (gpa < other.gpa + other.size && other.gpa < gpa + size)
          || (uva < other.uva + other.size && other.uva < uva + size);
    }

    private boolean wraps() {
      return size < 1 || gpa < 0 || uva < 0 || gpa + size < 0 || uva + size < 0;
    }

    @Override
    public String toString() {
      return "[0x%x..0x%x]".formatted(gpa, gpa + size - 1);
    }
  }

  private record Region(Place place, ForeignMemory mapping) {}

  private MemoryTable(List<Region> regions) {
    this.regions = regions;
    this.memory =
        new MappedMemory(
            regions.stream()
                .map(region -> new MemoryRegion(region.place.gpa, region.mapping.segment()))
                .toList());
  }

  /// A table of these regions, each in its file; the descriptors stay the caller's.
  ///
  /// @throws ProtocolException when regions wrap around, overlap, or do not lie in their files;
  ///   nothing is mapped then
  static MemoryTable of(List<Place> places, List<Fd> files) throws ProtocolException {
    MemoryTable table = EMPTY;
    try {
      for (int i = 0; i < places.size(); i++) {
        table = table.with(places.get(i), files.get(i));
      }
      return table;
    } catch (ProtocolException e) {
      table.unmapAllBut(EMPTY);
      throw e;
    }
  }

  /// This table and one more region.
  MemoryTable with(Place place, Fd file) throws ProtocolException {
    if (place.wraps()) {
      throw new ProtocolException(
          "memory region of %d bytes at guest address 0x%x (0x%x in the front-end) wraps around"
              .formatted(place.size, place.gpa, place.uva));
    }
    if (regions.size() == MAX_REGIONS) {
      throw new ProtocolException("more than " + MAX_REGIONS + " memory regions");
    }
    for (Region other : regions) {
      if (place.overlaps(other.place)) {
        throw new ProtocolException(
            "memory regions %s and %s overlap".formatted(other.place, place));
      }
    }
    try {
      ForeignMemory mapping =
          ForeignMemory.map("memory region " + place, file, place.offset, place.size);
      List<Region> more = new ArrayList<>(regions);
      more.add(new Region(place, mapping));
      return new MemoryTable(List.copyOf(more));
    } catch (IOException e) {
      throw new ProtocolException(e.getMessage() + "; is guest memory shared (share=on)?", e);
    }
  }

  /// This table without the region of that place; its mapping stays until [#unmapAllBut].
  MemoryTable without(Place place) throws ProtocolException {
    List<Region> rest = new ArrayList<>(regions);
    if (!rest.removeIf(region -> region.place.sameAs(place))) {
      throw new ProtocolException("REM_MEM_REG of %s, which is not mapped".formatted(place));
    }
    return new MemoryTable(List.copyOf(rest));
  }

  /// Unmaps the regions that `next` does not have.
  void unmapAllBut(MemoryTable next) {
    for (Region region : regions) {
      if (!next.regions.contains(region)) {
        region.mapping.close();
      }
    }
  }

  boolean isEmpty() {
    return regions.isEmpty();
  }

  /// As devices see it.
  GuestMemory memory() {
    return memory;
  }

  /// The guest-physical address of what the front-end calls `uva`, -1 when it shares no such byte.
  long gpa(long uva) {
    for (Region region : regions) {
      long off = uva - region.place.uva;
      if (off >= 0 && off < region.place.size) {
        return region.place.gpa + off;
      }
    }
    return -1;
  }
}
