package org.vbus.shm;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// South's end of prioritised events in a hostile north's memory: a signal table and one event ring
/// per level, level 0 highest, each level with its own interrupt.
///
/// A signal for which its ring has no room is kept here, per source, and goes out with a later
/// raise or [#flush]; north is asked to kick when it returns descriptors. So an honest north loses
/// no signal even if its rings are small.
///
/// [#raise] may be called by several threads. A source is always raised on the same level; a level
/// comes from our own configuration, or was validated when the guest registered the source.
public final class SouthEvents {
  private final SignalTable table;
  private final EventProducer[] rings;
  private final BitSet[] kept; // per level, guarded by the ring

  SouthEvents(SharedMemory memory, long off, EventGeometry geometry) {
    this(
        new SignalTable(memory, off, geometry.handles(), Locality.SOUTH),
        new EventProducer[geometry.levels()],
        geometry.handles());
    for (int level = 0; level < rings.length; level++) {
      rings[level] =
          new EventProducer(
              memory,
              off + geometry.ringOffset(level),
              off + geometry.dataOffset(level),
              geometry.slots());
    }
  }

  private SouthEvents(SignalTable table, EventProducer[] rings, int handles) {
    this.table = table;
    this.rings = rings;
    this.kept = new BitSet[rings.length];
    for (int level = 0; level < kept.length; level++) {
      kept[level] = new BitSet(handles);
    }
  }

  /// Takes up the block that north has formatted at `off` of `segment`.
  ///
  /// @throws IllegalArgumentException if it does not fit, or anything in it is not as the geometry
  ///   says
  public static SouthEvents open(MemorySegment segment, long off, EventGeometry geometry) {
    SegmentMemory.of(segment, off, geometry.footprint());
    SignalTable table = SignalTable.open(segment, off, geometry.handles(), Locality.SOUTH);
    EventProducer[] rings = new EventProducer[geometry.levels()];
    for (int level = 0; level < rings.length; level++) {
      rings[level] =
          EventProducer.open(
              segment,
              off + geometry.ringOffset(level),
              off + geometry.dataOffset(level),
              geometry.slots());
    }
    return new SouthEvents(table, rings, geometry.handles());
  }

  /// The ring of a level, for device events.
  public EventProducer ring(int level) {
    return rings[level];
  }

  /// Tells north that the memory of source `handle` changed.
  ///
  /// @return INTERRUPT: send the interrupt of `level`; QUIET: queued, north is looking; COALESCED:
  ///   masked, or an event of this source waits already; DEFERRED: kept until there is room;
  ///   REFUSED: no such handle, or north broke its ring
  public Delivery raise(int level, int handle) {
    if (!table.contains(handle)) {
      return Delivery.REFUSED;
    }
    ShmSignal source = table.signal(handle);
    if (!source.announce()) {
      return Delivery.COALESCED;
    }
    EventProducer ring = rings[level];
    synchronized (ring) {
      if (!source.claim()) {
        return Delivery.COALESCED;
      }
      Delivery delivery = ring.offerSignal(handle);
      return delivery == Delivery.FULL ? keep(level, handle) : delivery;
    }
  }

  /// Sends the signals that found no room: to be called when north kicks for `level`, or now and
  /// then.
  ///
  /// @return INTERRUPT: send the interrupt of `level`; else QUIET
  public Delivery flush(int level) {
    EventProducer ring = rings[level];
    synchronized (ring) {
      return kept[level].isEmpty() ? Delivery.QUIET : sendKept(level);
    }
  }

  private Delivery keep(int level, int handle) {
    kept[level].set(handle);
    Delivery delivery = sendKept(level);
    return kept[level].isEmpty() || delivery == Delivery.INTERRUPT ? delivery : Delivery.DEFERRED;
  }

  private Delivery sendKept(int level) {
    EventProducer ring = rings[level];
    BitSet waiting = kept[level];
    ring.askForKick();
    Delivery result = Delivery.QUIET;
    for (int handle = waiting.nextSetBit(0); handle >= 0; handle = waiting.nextSetBit(handle + 1)) {
      Delivery delivery = ring.offerSignal(handle);
      if (delivery == Delivery.FULL) {
        return result;
      }
      waiting.clear(handle);
      if (delivery == Delivery.INTERRUPT) {
        result = delivery;
      }
    }
    ring.askForNoKick();
    return result;
  }
}
