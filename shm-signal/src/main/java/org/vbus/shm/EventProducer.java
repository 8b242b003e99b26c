package org.vbus.shm;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// South's end of an event ring in a hostile north's memory (vbus ABI, section 6).
///
/// Its tail and the number of descriptors are private; the address of an event is computed, never
/// read. From the ring it uses the owner byte (may I write?) and compares the tail with its own. A
/// north that lies loses its own events: every offer ends in bounded time with FULL or REFUSED, and
/// nothing outside the events and the ring head is written.
///
/// Producers may be several threads: the lock is this object and not in shared memory. Offering a
/// signal allocates nothing.
public final class EventProducer {
  private final SharedMemory memory;
  private final long data;
  private final Ioq ioq;
  private final IoqIterator inuse;

  EventProducer(SharedMemory memory, long ringOff, long dataOff, int count) {
    this(memory, dataOff, new Ioq(memory, ringOff, count, Locality.SOUTH));
  }

  private EventProducer(SharedMemory memory, long dataOff, Ioq ioq) {
    this.memory = memory;
    this.data = dataOff;
    this.ioq = ioq;
    this.inuse = ioq.iterator(IoqIndex.INUSE, IoqIterator.AUTOUPDATE);
  }

  /// Takes up a ring that north has formatted: the ring at `ringOff`, its `count` events at
  /// `dataOff`. A ring in use continues at its tail.
  ///
  /// @throws IllegalArgumentException if either does not fit into `segment`, or magic, version,
  ///   count or tail are wrong
  public static EventProducer open(MemorySegment segment, long ringOff, long dataOff, int count) {
    return open(segment, ringOff, segment, dataOff, count);
  }

  /// The same for a ring and events that are in different segments.
  public static EventProducer open(
      MemorySegment ring, long ringOff, MemorySegment data, long dataOff, int count) {
    Ioq ioq = Ioq.open(ring, ringOff, count, Locality.SOUTH);
    SharedMemory memory = SegmentMemory.of(data, dataOff, EventLayout.SIZE * count);
    EventProducer producer = new EventProducer(memory, dataOff, ioq);
    producer.inuse.seekTail();
    return producer;
  }

  /// Queues a SHMSIGNAL event: INTERRUPT, QUIET, FULL or REFUSED.
  public synchronized Delivery offerSignal(long handle) {
    return offer(EventLayout.SHMSIGNAL, handle);
  }

  /// Queues a DEVDROP event: INTERRUPT, QUIET, FULL or REFUSED.
  public synchronized Delivery offerDeviceDropped(long handle) {
    return offer(EventLayout.DEVDROP, handle);
  }

  /// Queues a SHMCLOSE event: INTERRUPT, QUIET, FULL or REFUSED.
  public synchronized Delivery offerSignalClosed(long handle) {
    return offer(EventLayout.SHMCLOSE, handle);
  }

  /// Queues a DEVADD event: INTERRUPT, QUIET, FULL or REFUSED.
  ///
  /// @throws IllegalArgumentException if `type` is empty, not ASCII or longer than 127 characters
  public synchronized Delivery offerDeviceAdded(long id, String type) {
    byte[] bytes = type.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length == 0
        || bytes.length >= EventLayout.TYPE_SIZE
        || !type.equals(new String(bytes, StandardCharsets.US_ASCII))) {
      throw new IllegalArgumentException(
          "device type \"" + type + "\" is not 1 to 127 ASCII characters");
    }
    if (!hasRoom()) {
      return Delivery.FULL;
    }
    long event = event();
    memory.zero(event, EventLayout.SIZE);
    for (int i = 0; i < bytes.length; i++) {
      memory.u8(event + EventLayout.TYPE_OFFSET + i, bytes[i]);
    }
    return offer(EventLayout.DEVADD, id);
  }

  private Delivery offer(int id, long value) {
    if (!hasRoom()) {
      return Delivery.FULL;
    }
    long event = event();
    memory.le32(event + EventLayout.ID_OFFSET, id);
    memory.le64(event + EventLayout.VALUE_OFFSET, value);
    return inuse.push();
  }

  private long event() {
    return data + EventLayout.SIZE * inuse.position();
  }

  /// Makes north kick when it returns descriptors. The caller looks for room again afterwards, by
  /// offering once more.
  public void askForKick() {
    ioq.signal().arm();
    // [MO-EVT-3] FULL. Partner: MO-SIG-2 of north's inject. Orders: enabled = 1 and pending = 0,
    // before the
    // look at the owner of the tail. Either north sees them and kicks, or this look sees the
    // descriptor.
    memory.fullFence();
  }

  /// Ends [#askForKick].
  void askForNoKick() {
    ioq.signal().disable();
  }

  private boolean hasRoom() {
    return inuse.owned();
  }
}
