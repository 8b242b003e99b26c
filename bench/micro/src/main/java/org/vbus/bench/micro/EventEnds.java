package org.vbus.bench.micro;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.RingBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventConsumer;
import org.vbus.shm.EventHandler;
import org.vbus.shm.EventLayout;
import org.vbus.shm.EventProducer;

/// Both ends of a ring of [#SLOTS] numbers, without notifications: the consumer is looking. Numbers
/// ascend from 0.
abstract class EventEnds {
  static final int SLOTS = 256;

  private long offered;
  private long taken;

  private EventEnds() {}

  /// Puts the next number in; false when there is no room.
  final boolean offer() {
    if (!put(offered)) {
      return false;
    }
    offered++;
    return true;
  }

  /// Takes at most `most` numbers out and checks them.
  final int take(int most) {
    long before = taken;
    drain(most);
    return (int) (taken - before);
  }

  abstract boolean put(long value);

  abstract void drain(int most);

  final void accept(long value) {
    LayerBenchmark.expect(taken, value);
    taken++;
  }

  /// vbus's event ring in shared memory: any number of producers, behind a lock of theirs.
  static final class Vbus extends EventEnds implements EventHandler {
    private final EventConsumer north;
    private final EventProducer south;

    Vbus() {
      MemorySegment memory = Arena.ofAuto().allocate(EventConsumer.footprint(SLOTS), 64);
      north = EventConsumer.format(memory, 0, SLOTS, 0);
      south = EventProducer.open(memory, 0, EventLayout.dataOffset(SLOTS), SLOTS);
    }

    @Override
    boolean put(long value) {
      return south.offerSignal(value) == Delivery.QUIET;
    }

    @Override
    void drain(int most) {
      north.drain(most, this);
      boolean _ = north.inject();
    }

    @Override
    public void signal(long handle) {
      accept(handle);
    }

    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }

  /// A RingBuffer of the LMAX Disruptor, on the heap of one JVM.
  static final class Disruptor extends EventEnds implements EventPoller.Handler<Disruptor.Slot> {
    private final RingBuffer<Slot> ring;
    private final EventPoller<Slot> poller;
    private int left;

    static final class Slot {
      private long value;
    }

    /// @param several for any number of producers, else for one
    Disruptor(boolean several) {
      ring =
          several
              ? RingBuffer.createMultiProducer(Slot::new, SLOTS)
              : RingBuffer.createSingleProducer(Slot::new, SLOTS);
      poller = ring.newPoller();
      ring.addGatingSequences(poller.getSequence());
    }

    @Override
    boolean put(long value) {
      if (!ring.hasAvailableCapacity(1)) {
        return false;
      }
      long sequence = ring.next();
      ring.get(sequence).value = value;
      ring.publish(sequence);
      return true;
    }

    @Override
    void drain(int most) {
      left = most;
      try {
        poller.poll(this);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public boolean onEvent(Slot slot, long sequence, boolean endOfBatch) {
      accept(slot.value);
      return --left > 0;
    }
  }
}
