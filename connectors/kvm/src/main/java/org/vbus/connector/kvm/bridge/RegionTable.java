package org.vbus.connector.kvm.bridge;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The handles by which a guest signals regions. A handle is taken by one thread at a time, freed
/// and looked up by any.
final class RegionTable {
  /// Most regions of all devices together.
  static final int SIZE = 4096;

  private final AtomicReferenceArray<@Nullable Region> regions = new AtomicReferenceArray<>(SIZE);

  /// Gives a region a handle.
  int add(Region region) throws Refusal {
    for (int handle = 0; handle < SIZE; handle++) {
      if (regions.get(handle) == null) {
        regions.set(handle, region);
        return handle;
      }
    }
    throw new Refusal(BridgeAbi.ENOSPC, "no handle is free for another region");
  }

  /// The region with a handle, or null.
  @Nullable Region find(int handle) {
    return handle >= 0 && handle < SIZE ? regions.get(handle) : null;
  }

  void free(int handle) {
    regions.set(handle, null);
  }

  void clear() {
    for (int handle = 0; handle < SIZE; handle++) {
      regions.set(handle, null);
    }
  }
}
