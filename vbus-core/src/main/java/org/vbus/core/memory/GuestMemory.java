package org.vbus.core.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What a device may reach of a guest's memory: turns a guest-physical address and a length into
/// accessible bytes, or refuses.
///
/// An instance is an immutable snapshot: when the guest's memory changes, the connector builds a
/// new one and hands it to the queues on their loops; nothing is unmapped before every loop has
/// acknowledged.
public interface GuestMemory {
  /// How the bytes come to be accessible, and so what an access costs.
  enum Capability {
    /// All memory is shared for the lifetime of the snapshot.
    MAPPED,
    /// Pages are named by handles (grants) and mapped on demand.
    HANDLE,
    /// A fixed shared pool; the guest copies in and out.
    BOUNCE,
    /// Nothing is shared; bytes travel with the request.
    MESSAGE
  }

  /// How this memory is reached.
  Capability capability();

  /// The region that holds the byte at `gpa`, or null when no region does.
  ///
  /// Any thread; never blocks for [Capability#MAPPED].
  @Nullable MemoryRegion find(long gpa);

  /// The guest-physical address of the byte at `offset` of a region's segment, -1 when no region
  /// has that segment. Not for the data path.
  long gpaOf(MemorySegment segment, long offset);

  /// The region that holds all of `[gpa, gpa + len)`, or null. A range that crosses from one region
  /// into an adjacent one is refused here; callers that can split use [#find(long)].
  default @Nullable MemoryRegion find(long gpa, long len) {
    MemoryRegion region = find(gpa);
    return region != null && region.contains(gpa, len) ? region : null;
  }
}
