package org.vbus.tests.stress.shm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.NorthEvents;
import org.vbus.shm.SouthEvents;

/// Raising and handling a million signals, kept ones included, allocates nothing.
class EventAllocationTest {
  private static final int SIGNALS = 1_000_000;
  private static final EventGeometry GEOMETRY = new EventGeometry(2, 4, 16);

  private static final class Counter implements EventHandler {
    private int signals;

    @Override
    public void signal(long handle) {
      signals++;
    }

    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }

  private static void run(NorthEvents north, SouthEvents south, int rounds) {
    for (int round = 0; round < rounds; round++) {
      for (int handle = 0; handle < 10; handle++) {
        south.raise(handle & 1, handle);
      }
      north.poll(64);
      south.flush(0);
      south.flush(1);
      while (north.unmask()) {
        north.poll(64);
      }
      north.mask();
    }
  }

  @Test
  void signalsAreFreeOfAllocation() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    MemorySegment memory = Arena.ofAuto().allocate(GEOMETRY.footprint(), 64);
    Counter counter = new Counter();
    NorthEvents north = NorthEvents.format(memory, 0, GEOMETRY, 0, counter, level -> {});
    SouthEvents south = SouthEvents.open(memory, 0, GEOMETRY);
    for (int handle = 0; handle < GEOMETRY.handles(); handle++) {
      north.signals().signal(handle).enable();
    }
    run(north, south, SIGNALS / 10);
    counter.signals = 0;

    long before = threads.getCurrentThreadAllocatedBytes();
    run(north, south, SIGNALS / 10);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    assertThat(counter.signals).isEqualTo(SIGNALS);
    assertThat(allocated).isLessThan(4096); // the two readings themselves, not a byte per signal
  }
}
