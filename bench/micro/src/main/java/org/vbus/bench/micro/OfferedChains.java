package org.vbus.bench.micro;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;

/// A queue with chains in it that the driver has offered and nobody takes. Byte `i` of every chain
/// is `i`.
final class OfferedChains {
  /// Chains in the queue: few enough for their bytes to stay in the first-level cache.
  static final int COUNT = 16;

  private static final int SIZE = 256;

  final VirtQueue queue;

  /// @param writable whether buffers are the device's to write, else to read
  OfferedChains(Format format, Shape shape, boolean writable) {
    GuestRam ram = new GuestRam();
    DriverQueue driver =
        DriverQueue.create(
            0, SIZE, format.features(), shape.indirectEntries, ram.heap, new Ledger());
    int len = Shape.BYTES / shape.buffers;
    for (int token = 0; token < COUNT; token++) {
      long off = ram.heap.allocate(Shape.BYTES, 64);
      fill(ram.segment, off);
      driver.begin();
      for (int i = 0; i < shape.buffers; i++) {
        long gpa = ram.heap.gpa(off + (long) i * len);
        if (writable) {
          driver.in(gpa, len);
        } else {
          driver.out(gpa, len);
        }
      }
      driver.commit(token);
    }
    boolean _ = driver.publish();
    queue = ram.open(driver.addresses(), format.features(), new Ledger());
  }

  private static void fill(MemorySegment memory, long off) {
    for (int i = 0; i < Shape.BYTES; i++) {
      memory.set(ValueLayout.JAVA_BYTE, off + i, (byte) i);
    }
  }

  /// All of them, looked at.
  Chain[] peekAll() {
    Chain[] chains = new Chain[COUNT];
    for (int i = 0; i < COUNT; i++) {
      chains[i] = new Chain();
      if (!queue.peek(chains[i], i)) {
        throw new IllegalStateException("chain " + i + " is not there");
      }
    }
    return chains;
  }
}
