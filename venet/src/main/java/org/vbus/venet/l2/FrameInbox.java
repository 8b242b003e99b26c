package org.vbus.venet.l2;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import java.util.concurrent.locks.LockSupport;

/// Hands frames from foreign loops to the loop that owns an egress port, by copy, without waiting.
///
/// ```
///   loop 1 --offer--+    +----+----+----+----+
///   loop 2 --offer--+--->|    |    |    |    |---drain---> owner of the port
///   loop 3 --offer--+    +----+----+----+----+
/// ```
///
/// Any thread may [#offer]; one thread at a time may [#drain]. Each slot keeps the memory of the
/// longest frame it ever held, so that nothing is allocated in the long run and the inbox never
/// holds more than `slots` times the longest frame (rounded up to a power of two).
///
/// An owner about to sleep must announce that, execute a full fence and only then look at
/// [#isEmpty]; whoever has offered must execute a full fence and then look at the announcement.
public final class FrameInbox implements AutoCloseable {
  private final int maxFrameLength;
  private final RingBuffer<FrameBuffer> ring;
  private final EventPoller<FrameBuffer> poller;
  private final Drain drain = new Drain();
  private volatile boolean closed;

  /// An empty inbox without memory.
  ///
  /// @param slots frames that may wait; a power of two
  /// @param maxFrameLength longer frames are refused; bounds the memory
  public FrameInbox(int slots, int maxFrameLength) {
    if (slots < 1 || Integer.bitCount(slots) != 1) {
      throw new IllegalArgumentException("inbox of " + slots + " slots: expected a power of two");
    }
    if (maxFrameLength < Frame.HEADER_LENGTH) {
      throw new IllegalArgumentException("frames of up to " + maxFrameLength + " bytes: too short");
    }
    this.maxFrameLength = maxFrameLength;
    // Nobody waits on the ring, so the wait strategy is the one that costs producers nothing.
    ring = RingBuffer.createMultiProducer(FrameBuffer::new, slots, new BusySpinWaitStrategy());
    poller = ring.newPoller();
    ring.addGatingSequences(poller.getSequence());
  }

  /// Copies the frame for the owner.
  ///
  /// @return [Delivery#QUEUED], or why not: [Delivery#TOO_BIG], [Delivery#QUEUE_FULL], or
  ///   [Delivery#LINK_DOWN] after [#close]
  public Delivery offer(Frame frame) {
    if (closed) {
      return Delivery.LINK_DOWN;
    }
    if (frame.length() > maxFrameLength) {
      return Delivery.TOO_BIG;
    }
    // Asked first because a full inbox is ordinary, and the exception of tryNext is not cheap.
    if (!ring.hasAvailableCapacity(1)) {
      return Delivery.QUEUE_FULL;
    }
    long sequence;
    try {
      sequence = ring.tryNext();
    } catch (InsufficientCapacityException lostRace) {
      return Delivery.QUEUE_FULL;
    }
    try {
      ring.get(sequence).copyOf(frame, maxFrameLength);
    } finally {
      // Even if that failed: a slot claimed and never published would block the inbox for good.
      ring.publish(sequence);
    }
    return Delivery.QUEUED;
  }

  /// Shows up to `limit` frames to `consumer`, oldest first, and frees their slots.
  ///
  /// @return how many
  public int drain(int limit, FrameConsumer consumer) {
    drain.begin(limit, consumer);
    try {
      while (drain.remaining > 0 && poller.poll(drain) == EventPoller.PollState.PROCESSING) {
        // poll has handed over what was there
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a frame consumer throws no checked exceptions", e);
    }
    return limit - drain.remaining;
  }

  /// Whether nothing waits and nobody is about to publish.
  public boolean isEmpty() {
    return closed || poller.getSequence().get() == ring.getCursor();
  }

  /// Slots that hold memory; 0 after [#close]. Exact only while nobody offers.
  public int buffers() {
    int buffers = 0;
    for (int slot = 0; slot < ring.getBufferSize(); slot++) {
      if (ring.get(slot).isAllocated()) {
        buffers++;
      }
    }
    return buffers;
  }

  /// Discards what waits and returns all memory. Called by the owner or after it. Producers should
  /// have stopped; one that has not is refused, or waited for if it is copying at this moment.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    // Once all slots are claimed here nobody is writing to one, and nobody can claim one again.
    while (!claimAll()) {
      drain(ring.getBufferSize(), frame -> {});
      LockSupport.parkNanos(1_000);
    }
    for (int slot = 0; slot < ring.getBufferSize(); slot++) {
      ring.get(slot).release();
    }
  }

  private boolean claimAll() {
    if (!ring.hasAvailableCapacity(ring.getBufferSize())) {
      return false;
    }
    try {
      ring.tryNext(ring.getBufferSize());
      return true;
    } catch (InsufficientCapacityException lostRace) {
      return false;
    }
  }

  /// The poller's handler, reused: a lambda per drain would be garbage per drain.
  private static final class Drain implements EventPoller.Handler<FrameBuffer> {
    private FrameConsumer consumer = frame -> {};
    private int remaining;

    void begin(int limit, FrameConsumer newConsumer) {
      remaining = limit;
      consumer = newConsumer;
    }

    @Override
    public boolean onEvent(FrameBuffer buffer, long sequence, boolean endOfBatch) {
      Frame frame = buffer.frame();
      if (frame.length() > 0) {
        consumer.frame(frame);
      }
      return --remaining > 0;
    }
  }
}
