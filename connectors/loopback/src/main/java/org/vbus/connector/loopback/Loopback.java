package org.vbus.connector.loopback;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusEndpoint;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;

/// Both halves of a connector in one JVM: guest and host are threads, the boundary is a method
/// call.
///
/// A register access runs on the guest's thread, which is thereby stopped until it is answered; a
/// kick wakes the poll loop; an interrupt makes a vector pending at the guest's processor. The
/// guest's memory is one native region, given back when the host half is closed: the guest may
/// still kick and access registers then, to no effect, but has no memory any more.
public final class Loopback implements HostConnector {
  /// Guest-physical address of the guest's memory; not 0, so that a zero address is a mistake that
  /// shows.
  public static final long MEMORY_BASE = 0x4000_0000L;

  private final Bus bus;
  private final LoopMap loops;
  private final SignalPolicy policy;
  private final InterruptSink interrupts;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final MappedMemory guestMemory;
  private volatile @Nullable BusEndpoint endpoint;
  private boolean closed;

  /// A guest with `memoryBytes` of memory whose processor takes `interrupts`.
  public Loopback(
      Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, InterruptSink interrupts) {
    this.bus = bus;
    this.loops = loops;
    this.policy = policy;
    this.interrupts = interrupts;
    this.memory = arena.allocate(memoryBytes, 4096);
    this.guestMemory = new MappedMemory(List.of(new MemoryRegion(MEMORY_BASE, memory)));
  }

  @Override
  public synchronized void start() {
    if (endpoint != null || closed) {
      throw new IllegalStateException("loopback of bus " + bus.name() + " was started before");
    }
    endpoint = new BusEndpoint(bus, guestMemory, interrupts, policy, loops);
  }

  /// The north half.
  public GuestConnector guest() {
    return new Guest();
  }

  /// Bytes of guest memory that are still mapped, 0 once closed.
  public long mappedBytes() {
    return arena.scope().isAlive() ? memory.byteSize() : 0;
  }

  @Override
  public Tally tally() {
    // Kicks, register accesses and interrupts are counted by the guest and its processor.
    return Tally.zero();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    BusEndpoint served = endpoint;
    endpoint = null;
    if (served != null) {
      served.close();
    }
    arena.close();
  }

  /// The guest's side; accesses after the host has gone read 0 and do nothing.
  private final class Guest implements GuestConnector {
    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public long memoryBase() {
      return MEMORY_BASE;
    }

    @Override
    public long read(int window, int offset, int size) {
      BusEndpoint to = endpoint;
      return to == null ? 0 : to.read(window, offset, size);
    }

    @Override
    public void write(int window, int offset, int size, long value) {
      BusEndpoint to = endpoint;
      if (to != null) {
        to.write(window, offset, size, value);
      }
    }

    @Override
    public void kick(int slot, int queue) {
      BusEndpoint to = endpoint;
      if (to != null) {
        to.kick(slot, queue);
      }
    }

    @Override
    public void close() {}
  }
}
