package org.vbus.shm;

import org.jspecify.annotations.Nullable;

/// One event ring without a signal table, and as many events as it has slots: each must arrive
/// exactly once.
final class DirectRingScenario extends Scenario {
  private final int slots;

  DirectRingScenario(int slots) {
    super(
        EventLayout.footprint(slots),
        slots,
        segment -> EventConsumer.format(segment, 0, slots, 0).unmask());
    this.slots = slots;
  }

  @Override
  North north(SteppedMemory memory) {
    EventConsumer consumer = new EventConsumer(memory, 0, EventLayout.dataOffset(slots), slots);
    return new North(memory) {
      @Override
      public void run() {
        while (true) {
          memory.await(IRQ);
          consumer.mask();
          do {
            consumer.drain(slots, this);
          } while (consumer.unmask());
        }
      }

      @Override
      public void signal(long handle) {
        seen[(int) handle]++;
      }
    };
  }

  @Override
  South south(SteppedMemory memory) {
    EventProducer producer = new EventProducer(memory, 0, EventLayout.dataOffset(slots), slots);
    return new South(memory) {
      @Override
      public void run() {
        for (int handle = 0; handle < slots; handle++) {
          sent[handle]++;
          cross(producer.offerSignal(handle), IRQ);
        }
      }
    };
  }

  @Override
  @Nullable String leftover(byte[] memory) {
    for (int slot = 0; slot < slots; slot++) {
      if (memory[56 + 32 * slot + 25] != 1) {
        return "an event waits at rest";
      }
    }
    return memory[16] != 1 ? "masked at rest" : memory[17] != 0 ? "pending at rest" : null;
  }
}
