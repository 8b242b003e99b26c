package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.NorthEvents;

/// A signal table and event rings in a guest's memory.
///
/// @param address guest-physical
record EventBlock(EventGeometry geometry, long address) {
  /// Descriptors per ring. A bus may have more devices to tell of: the host waits then.
  private static final int SLOTS = 128;

  private static final long PAGE = 4096;

  /// A block whose rings are masked and whose signals are not.
  static EventBlock allocate(GuestImage image, int levels, int handles) {
    EventGeometry geometry = new EventGeometry(levels, SLOTS, handles);
    long address = image.allocate(geometry.footprint(), PAGE);
    MemorySegment memory = image.memory();
    NorthEvents events =
        NorthEvents.format(memory, address, geometry, address, new NoEvents(), level -> {});
    for (int handle = 0; handle < handles; handle++) {
      boolean _ = events.signals().signal(handle).enable();
    }
    return new EventBlock(geometry, address);
  }

  long ring(int level) {
    return address + geometry.ringOffset(level);
  }

  long data(int level) {
    return address + geometry.dataOffset(level);
  }

  /// The Java side only formats.
  private record NoEvents() implements EventHandler {
    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signal(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }
}
