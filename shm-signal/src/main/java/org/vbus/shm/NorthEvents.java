package org.vbus.shm;

import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/// North's end of prioritised events: a signal table and one event ring per level, level 0 highest.
///
/// [#poll] takes higher levels first and looks at them again after at most [#BATCH] events of a
/// lower one, so a flood below delays nothing above. On a SHMSIGNAL event it ends the notification
/// of that source and, unless the source is masked, calls the handler once; a change from then on
/// queues a new event. A driver may mask its own signal (`signal(handle).disable()`) while it polls
/// its queue, and must look again when `enable()` says so.
///
/// One thread at a time for everything but [#signals], which belong to the drivers. No allocation
/// for signals.
public final class NorthEvents {
  /// Events of a lower level between two looks at the higher ones.
  public static final int BATCH = 8;

  private final SharedMemory memory;
  private final SignalTable table;
  private final EventConsumer[] rings;
  private final EventHandler events;
  private final IntConsumer kick;

  NorthEvents(
      SharedMemory memory,
      long off,
      EventGeometry geometry,
      EventHandler handler,
      IntConsumer kick) {
    this.memory = memory;
    this.table = new SignalTable(memory, off, geometry.handles(), Locality.NORTH);
    this.rings = new EventConsumer[geometry.levels()];
    for (int level = 0; level < rings.length; level++) {
      rings[level] =
          new EventConsumer(
              memory,
              off + geometry.ringOffset(level),
              off + geometry.dataOffset(level),
              geometry.slots());
    }
    this.events = new Wakeups(table, handler);
    this.kick = kick;
  }

  /// Writes the block at `off` of `segment`. Everything starts masked: [#unmask] and enable the
  /// signals of the sources before telling south.
  ///
  /// @param gpa address of `off` as south names it
  /// @param handler receives valid signals and all device events
  /// @param kick called with a level when south waits for descriptors of that level: crosses the
  ///   boundary
  /// @throws IllegalArgumentException if the block does not fit
  public static NorthEvents format(
      MemorySegment segment,
      long off,
      EventGeometry geometry,
      long gpa,
      EventHandler handler,
      IntConsumer kick) {
    SharedMemory memory = SegmentMemory.of(segment, off, geometry.footprint());
    SignalTable.format(segment, off, geometry.handles());
    for (int level = 0; level < geometry.levels(); level++) {
      long ring = geometry.ringOffset(level);
      EventConsumer.format(segment, off + ring, geometry.slots(), gpa + ring);
    }
    return new NorthEvents(memory, off, geometry, handler, kick);
  }

  /// The signals of the sources, for their drivers.
  public SignalTable signals() {
    return table;
  }

  /// Handles at most `budget` events.
  ///
  /// @return number of events handled; less than `budget` means all rings were empty
  public int poll(int budget) {
    int done = 0;
    int touched = 0;
    int level = 0;
    while (done < budget && level < rings.length) {
      int left = budget - done;
      int taken = rings[level].drain(level == 0 ? left : Math.min(BATCH, left), events);
      if (taken == 0) {
        level++;
      } else {
        done += taken;
        touched |= 1 << level;
        level = 0;
      }
    }
    if (touched != 0) {
      returnDescriptors(touched);
    }
    return done;
  }

  private void returnDescriptors(int levels) {
    for (int level = 0; level < rings.length; level++) {
      if ((levels & 1 << level) != 0 && rings[level].inject()) {
        kick.accept(level);
      }
    }
  }

  /// The ring of a level.
  EventConsumer ring(int level) {
    return rings[level];
  }

  /// Asks for no more interrupts of any level.
  public void mask() {
    for (EventConsumer ring : rings) {
      ring.mask();
    }
  }

  /// Asks for interrupts of all levels and looks again. True: there are events, everything is
  /// masked again and the caller has to poll. False: the caller may sleep.
  public boolean unmask() {
    for (EventConsumer ring : rings) {
      ring.arm();
    }
    // [MO-EVT-2] FULL. Partner: MO-SIG-2. Orders: every ring's pending = 0 and enabled = 1, before
    // the look
    // at every ring's next descriptor (MO-EVT-1 for several rings).
    memory.fullFence();
    for (EventConsumer ring : rings) {
      if (ring.hasEvent()) {
        mask();
        return true;
      }
    }
    return false;
  }

  /// Runs the wakeup of the source that an event names.
  private record Wakeups(SignalTable table, EventHandler handler) implements EventHandler {
    @Override
    public void signal(long handle) {
      if (!table.contains(handle)) {
        return;
      }
      ShmSignal source = table.signal((int) handle);
      source.finish();
      if (source.enabled()) {
        handler.signal(handle);
      }
    }

    @Override
    public void deviceAdded(long id, String type) {
      handler.deviceAdded(id, type);
    }

    @Override
    public void deviceDropped(long handle) {
      handler.deviceDropped(handle);
    }

    @Override
    public void signalClosed(long handle) {
      handler.signalClosed(handle);
    }
  }
}
