package org.vbus.shm;

import org.jspecify.annotations.Nullable;

/// A bare signal without a ring. South changes its only source `changes` times.
final class BareSignalScenario extends Scenario {
  enum Receiver {
    WAKEUP,
    POLLING,
    /// Bug: lets the peer notify again without looking again.
    WAKEUP_WITHOUT_SECOND_LOOK
  }

  private final Receiver receiver;
  private final int changes;

  BareSignalScenario(Receiver receiver, int changes) {
    super(
        ShmSignalLayout.SIZE,
        1,
        segment -> {
          ShmSignal.format(segment, 0);
          new ShmSignal(segment, 0, Locality.NORTH).enable();
        });
    this.receiver = receiver;
    this.changes = changes;
  }

  @Override
  North north(SteppedMemory memory) {
    ShmSignal signal = new ShmSignal(memory, 0, Locality.NORTH);
    return new North(memory) {
      @Override
      public void run() {
        while (true) {
          memory.await(IRQ);
          switch (receiver) {
            case WAKEUP -> signal.wakeup(() -> look(0));
            case WAKEUP_WITHOUT_SECOND_LOOK -> {
              signal.take();
              look(0);
              signal.finish();
            }
            case POLLING -> poll(signal);
          }
        }
      }

      private void poll(ShmSignal source) {
        source.finish();
        do {
          source.disable();
          source.take();
          look(0);
        } while (source.enable());
      }
    };
  }

  @Override
  South south(SteppedMemory memory) {
    ShmSignal signal = new ShmSignal(memory, 0, Locality.SOUTH);
    return new South(memory) {
      @Override
      public void run() {
        for (int i = 0; i < changes; i++) {
          change(0);
          if (signal.inject()) {
            memory.raise(IRQ);
          }
        }
      }
    };
  }

  @Override
  @Nullable String leftover(byte[] memory) {
    return memory[10] != 0 ? "dirty at rest" : memory[9] != 0 ? "pending at rest" : null;
  }
}
