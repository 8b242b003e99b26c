package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.util.BitSet;
import org.vbus.linux.SharedMemory;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.guest.DriverException;
import org.vbus.proxy.guest.Guest;

/// A guest in Java whose devices are back-ends: memory that can be shared, a processor, and the
/// [Guest] on it. It has no bus; who plugs a device binds a driver to it.
///
/// ```java
/// try (VhostUserGuest machine = new VhostUserGuest(16 << 20);
///     Frontend frontend = Frontend.connect(socket, Frontend.LIMIT)) {
///   NetDriver net = new NetDriver(machine.guest(), machine.device(frontend, 1, "eth0", 256));
///   ...
///   net.remove();
/// }
/// ```
///
/// The thread that makes it is the processor; everything but interrupts happens on it.
public final class VhostUserGuest implements AutoCloseable {
  /// Guest-physical address of the first byte of memory.
  public static final long MEMORY_BASE = 0x4000_0000L;

  /// A vector that belongs to the guest itself and only makes it look.
  static final int WAKE = 0;

  private final SharedMemory memory;
  private final GuestCpu cpu = new GuestCpu();
  private final Guest guest;

  private final BitSet vectors = new BitSet();

  /// A guest on the calling thread.
  ///
  /// @param memoryBytes of guest memory, a multiple of the page size
  public VhostUserGuest(long memoryBytes) throws IOException {
    memory = SharedMemory.create("vbus-guest", memoryBytes);
    guest = new Guest(new GuestHeap(memory.segment(), MEMORY_BASE), cpu);
    vectors.set(WAKE);
  }

  /// What runs on the processor.
  public Guest guest() {
    return guest;
  }

  /// A device for a driver of this guest, behind a connection that has just been made.
  ///
  /// @param deviceId virtio device id, which the protocol does not tell
  /// @param name for messages
  /// @param queueSize most entries of each queue, a power of two; a back-end does not say how many
  ///   it can do
  public VhostUserTransport device(Frontend frontend, int deviceId, String name, int queueSize) {
    return new VhostUserTransport(this, frontend, deviceId, name, queueSize);
  }

  /// Makes `handler` run on the processor when the vector is interrupted.
  int claim(Runnable handler) {
    int vector = vectors.nextClearBit(0);
    if (vector >= GuestCpu.VECTORS) {
      throw new DriverException("no interrupt vector is free");
    }
    vectors.set(vector);
    cpu.handler(vector, handler);
    return vector;
  }

  /// Takes back what [#claim(Runnable)] gave.
  void release(int vector) {
    cpu.handler(vector, null);
    vectors.clear(vector);
  }

  /// Interrupts the processor; any thread.
  void interrupt(int vector) {
    cpu.interrupt(vector);
  }

  /// What back-ends get to see.
  SharedMemory memory() {
    return memory;
  }

  /// Unmaps the memory; all devices have been given back.
  @Override
  public void close() {
    memory.close();
  }
}
