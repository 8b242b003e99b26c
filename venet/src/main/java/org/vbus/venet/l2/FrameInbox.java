package org.vbus.venet.l2;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Hands frames from foreign loops to the loop that owns an egress port, by copy, without waiting.
///
/// ```
///   loop 1 --offer--+    +----+----+----+----+
///   loop 2 --offer--+--->|    |    |    |    |---drain---> owner of the port
///   loop 3 --offer--+    +----+----+----+----+
/// ```
///
/// Any thread may [#offer]; one thread at a time may [#drain]. An inbox that no other loop ever
/// used, as with a single loop, is a few words; the first offer makes its slots. Each slot keeps
/// the memory of the longest frame it ever held, so that nothing is allocated in the long run and
/// the inbox never holds more than `slots` times the longest frame (rounded up to a power of two).
///
/// An owner about to sleep must announce that, execute a full fence and only then look at
/// [#isEmpty]; whoever has offered must execute a full fence and then look at the announcement.
public final class FrameInbox implements AutoCloseable {
  private final int slots;
  private final int maxFrameLength;
  private final Drain drain = new Drain();
  private volatile boolean closed;

  // [MO-L2-6] VOLATILE used. Writer: the first offer, before it publishes a frame. Reader: other
  // offers, and the owner's drain and isEmpty. Orders: the ring's own fields before the reference.
  private volatile @Nullable Slots used;

  /// The ring, and where its owner stands.
  private static final class Slots {
    final RingBuffer<FrameBuffer> ring;
    final EventPoller<FrameBuffer> poller;

    Slots(int number) {
      // Nobody waits on the ring, so the wait strategy is the one that costs producers nothing.
      ring = RingBuffer.createMultiProducer(FrameBuffer::new, number, new BusySpinWaitStrategy());
      poller = ring.newPoller();
      ring.addGatingSequences(poller.getSequence());
    }
  }

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
    this.slots = slots;
    this.maxFrameLength = maxFrameLength;
  }

  /// The slots, made now if need be; null after [#close].
  private synchronized @Nullable Slots first() {
    Slots made = used;
    if (made == null && !closed) {
      made = new Slots(slots);
      used = made;
    }
    return made;
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
    Slots made = used;
    if (made == null) {
      made = first();
      if (made == null) {
        return Delivery.LINK_DOWN;
      }
    }
    RingBuffer<FrameBuffer> ring = made.ring;
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
    Slots made = used;
    if (made == null) {
      return 0;
    }
    drain.begin(limit, consumer);
    try {
      while (drain.remaining > 0 && made.poller.poll(drain) == EventPoller.PollState.PROCESSING) {
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
    Slots made = used;
    return closed || made == null || made.poller.getSequence().get() == made.ring.getCursor();
  }

  /// Slots that hold memory; 0 after [#close]. Exact only while nobody offers.
  public int buffers() {
    Slots made = used;
    int buffers = 0;
    for (int slot = 0; made != null && slot < slots; slot++) {
      if (made.ring.get(slot).isAllocated()) {
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
    Slots made;
    synchronized (this) {
      closed = true;
      made = used;
    }
    if (made == null) {
      return;
    }
    // Once all slots are claimed here nobody is writing to one, and nobody can claim one again.
    while (!claimAll(made.ring)) {
      drain(slots, frame -> {});
      LockSupport.parkNanos(1_000);
    }
    for (int slot = 0; slot < slots; slot++) {
      made.ring.get(slot).release();
    }
  }

  private boolean claimAll(RingBuffer<FrameBuffer> ring) {
    if (!ring.hasAvailableCapacity(slots)) {
      return false;
    }
    try {
      ring.tryNext(slots);
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
