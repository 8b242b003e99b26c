package org.vbus.tests.conformance.ring;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.tests.fixture.GuardedMemory;

/// A real driver half and a real device half on the same memory.
final class BothHalves {
  final GuardedMemory memory;
  final MemorySegment segment;
  final GuestHeap heap;
  final DriverQueue driver;
  final VirtQueue device;
  final Burst burst = new Burst();
  final Chain chain = new Chain();

  /// Eight bytes per token.
  final long buffers;

  /// @param signal what a used buffer notification does, on the device's thread
  BothHalves(int size, long features, Runnable signal) {
    memory = new GuardedMemory(size > 256 ? 4 << 20 : 1 << 16);
    segment = memory.segment(0);
    heap = new GuestHeap(segment, GuardedMemory.BASE);
    driver = DriverQueue.create(0, size, features, 2, heap, new Ledger());
    buffers = heap.allocate(8L * size, 64);
    device =
        Objects.requireNonNull(
            VirtQueue.open(
                0,
                driver.addresses(),
                memory.memory(),
                features,
                VirtQueue.freshPosition(features),
                new Ledger(),
                () -> {
                  signal.run();
                  return true;
                },
                queue -> {}));
    device.bind(burst);
  }

  /// Commits a chain of the 8 bytes of `token`, device-writable.
  void add(int token) {
    driver.begin();
    driver.in(heap.gpa(buffers + 8L * token), 8);
    driver.commit(token);
  }
}
