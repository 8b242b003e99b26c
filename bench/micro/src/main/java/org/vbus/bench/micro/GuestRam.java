package org.vbus.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.GuestHeap;

/// Memory of a guest, mapped as one region.
final class GuestRam {
  private static final long BASE = 0x4000_0000L;
  private static final long BYTES = 4 << 20;

  final MemorySegment segment = Arena.ofAuto().allocate(BYTES, 4096);
  final GuestHeap heap = new GuestHeap(segment, BASE);
  private final GuestMemory memory = new MappedMemory(List.of(new MemoryRegion(BASE, segment)));

  /// The device half of a queue in this memory, which nobody used before. A notification does
  /// nothing.
  VirtQueue open(VirtQueue.Addresses at, long features, Ledger ledger) {
    return Objects.requireNonNull(
        VirtQueue.open(
            0,
            at,
            memory,
            features,
            VirtQueue.freshPosition(features),
            ledger,
            () -> true,
            queue -> {
              throw new IllegalStateException(queue.fault() + " at " + queue.faultIndex());
            }));
  }
}
