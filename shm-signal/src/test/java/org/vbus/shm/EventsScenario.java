package org.vbus.shm;

import org.jspecify.annotations.Nullable;

/// Sources over event rings, `order` says which source south raises when; source `i` is on level `i
/// % levels`.
final class EventsScenario extends Scenario {
  private static final int BUDGET = 2;

  enum Receiver {
    NAPI,
    /// The handler masks its source and polls it until it may sleep.
    NAPI_AND_POLLING_DRIVER,
    /// Bug: sleeps after unmasking without looking again.
    NO_SECOND_LOOK,
    /// Bug: lets a source notify again only after its handler, without looking again.
    FINISH_AFTER_HANDLER
  }

  private final Receiver receiver;
  private final EventGeometry geometry;
  private final int[] order;

  EventsScenario(Receiver receiver, EventGeometry geometry, int... order) {
    super(
        geometry.footprint(),
        geometry.handles(),
        segment -> {
          EventHandler none = new RecordingHandler();
          NorthEvents north = NorthEvents.format(segment, 0, geometry, 0, none, level -> {});
          for (int i = 0; i < geometry.handles(); i++) {
            north.signals().signal(i).enable();
          }
          north.unmask();
        });
    this.receiver = receiver;
    this.geometry = geometry;
    this.order = order;
  }

  @Override
  North north(SteppedMemory memory) {
    int lines = (IRQ << geometry.levels()) - 1;
    return new North(memory) {
      private final NorthEvents events =
          new NorthEvents(memory, 0, geometry, this, level -> memory.raise(KICK << level));

      @Override
      public void run() {
        while (true) {
          memory.await(lines);
          events.mask();
          do {
            poll();
          } while (again());
        }
      }

      private void poll() {
        if (receiver == Receiver.FINISH_AFTER_HANDLER) {
          pollBadly();
          return;
        }
        while (events.poll(BUDGET) == BUDGET) {
          // more may be waiting
        }
      }

      private boolean again() {
        if (receiver == Receiver.NO_SECOND_LOOK) {
          for (int level = 0; level < geometry.levels(); level++) {
            events.ring(level).arm();
          }
          memory.fullFence();
          return false;
        }
        return events.unmask();
      }

      private void pollBadly() {
        EventHandler late =
            new RecordingHandler() {
              @Override
              public void signal(long handle) {
                look((int) handle);
                events.signals().signal((int) handle).finish();
              }
            };
        while (events.ring(0).drain(BUDGET, late) == BUDGET) {
          // more may be waiting
        }
      }

      @Override
      public void signal(long handle) {
        if (receiver != Receiver.NAPI_AND_POLLING_DRIVER) {
          super.signal(handle);
          return;
        }
        ShmSignal source = events.signals().signal((int) handle);
        do {
          source.disable();
          source.take();
          look((int) handle);
        } while (source.enable());
      }
    };
  }

  @Override
  South south(SteppedMemory memory) {
    SouthEvents events = new SouthEvents(memory, 0, geometry);
    int kicks = (KICK << geometry.levels()) - KICK;
    return new South(memory) {
      @Override
      public void run() {
        for (int step : order) {
          int source = step < 0 ? ~step : step;
          change(source);
          int level = source % geometry.levels();
          cross(
              step < 0
                  ? events.ring(level).offerDeviceDropped(source)
                  : events.raise(level, source),
              IRQ << level);
        }
        while (true) {
          int kicked = memory.await(kicks);
          for (int level = 0; level < geometry.levels(); level++) {
            if ((kicked & KICK << level) != 0) {
              cross(events.flush(level), IRQ << level);
            }
          }
        }
      }
    };
  }

  @Override
  @Nullable String leftover(byte[] memory) {
    for (int source = 0; source < sources; source++) {
      if (memory[16 * source + 9] != 0) {
        return "source " + source + " pending at rest";
      }
    }
    for (int level = 0; level < geometry.levels(); level++) {
      int ring = (int) geometry.ringOffset(level);
      if (memory[ring + 16] != 1) {
        return "level " + level + " masked at rest";
      }
      if (memory[ring + 17] != 0) {
        return "level " + level + " pending at rest";
      }
      if (memory[ring + 18] != 0) {
        return "level " + level + " dirty at rest";
      }
      for (int slot = 0; slot < geometry.slots(); slot++) {
        if (memory[ring + 56 + 32 * slot + 25] != 1) {
          return "an event waits at rest";
        }
      }
    }
    return null;
  }

  @Override
  @Nullable String trespass(int side, SteppedMemory.Access store, byte[] memory) {
    for (int level = 0; level < geometry.levels(); level++) {
      for (int slot = 0; slot < geometry.slots(); slot++) {
        long desc = geometry.ringOffset(level) + 56 + 32L * slot;
        long event = geometry.dataOffset(level) + 144L * slot;
        if ((store.touches(desc, 32) || store.touches(event, 144))
            && memory[(int) desc + 25] != side) {
          return "side " + side + " writes slot " + slot + ", which the other side owns: " + store;
        }
      }
    }
    return null;
  }
}
