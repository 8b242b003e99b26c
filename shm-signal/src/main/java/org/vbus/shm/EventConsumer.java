package org.vbus.shm;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// North's end of an event ring: many signals over one interrupt, and no interrupt while this side
/// is looking (vbus ABI, section 6). It follows the polling pattern of NAPI:
///
/// ```
/// interrupt -> mask() -> drain(..) until it returns less than its budget
///                 ^            |
///                 |            v
///                 +-- true -- unmask() -- false --> sleep until the next interrupt
/// ```
///
/// After one or more drains call [#inject] once, so that south hears of returned descriptors if it
/// waits for them. One thread at a time. A signal or a drain allocates nothing.
public final class EventConsumer {
  private final SharedMemory memory;
  private final long data;
  private final Ioq ioq;
  private final IoqIterator inuse;

  EventConsumer(SharedMemory memory, long ringOff, long dataOff, int count) {
    this.memory = memory;
    this.data = dataOff;
    this.ioq = new Ioq(memory, ringOff, count, Locality.NORTH);
    this.inuse = ioq.iterator(IoqIndex.INUSE, 0);
  }

  /// Bytes that [#format] needs for `count` descriptors and their events.
  public static long footprint(int count) {
    return EventLayout.footprint(count);
  }

  /// Writes an event ring at `off`, with its events right behind it, and gives every descriptor to
  /// south. It starts masked: [#unmask] before registering it.
  ///
  /// @param gpa address of `off` as south names it, for the `ptr` of the descriptors
  /// @throws IllegalArgumentException if `count` is out of range or the ring does not fit
  public static EventConsumer format(MemorySegment segment, long off, int count, long gpa) {
    SharedMemory memory = SegmentMemory.of(segment, off, footprint(count));
    long dataOffset = EventLayout.dataOffset(count);
    memory.zero(off + dataOffset, EventLayout.SIZE * count);
    Ioq ring = Ioq.format(segment, off, count);
    IoqIterator valid = ring.iterator(IoqIndex.VALID, 0);
    for (int i = 0; i < count; i++) {
      ring.buffer(i, i, gpa + dataOffset + EventLayout.SIZE * i, EventLayout.SIZE);
      valid.push();
    }
    return new EventConsumer(memory, off, off + dataOffset, count);
  }

  /// Asks for no more interrupts. One that was under way may still arrive; it is harmless.
  public void mask() {
    ioq.signal().disable();
  }

  /// Asks for an interrupt on the next event and looks again. True: there is an event, this side is
  /// masked again and the caller has to drain. False: the caller may sleep.
  public boolean unmask() {
    arm();
    // [MO-EVT-1] FULL. Partner: MO-SIG-2. Orders: pending = 0 and enabled = 1, before the look at
    // the owner
    // of the next descriptor. Either south sees them and interrupts, or this look sees south's
    // event.
    memory.fullFence();
    if (!hasEvent()) {
      return false;
    }
    mask();
    return true;
  }

  /// The stores of [#unmask], for a caller that fences for several rings at once.
  void arm() {
    ioq.signal().arm();
  }

  /// Whether an event is waiting.
  public boolean hasEvent() {
    return inuse.owned();
  }

  /// Takes at most `budget` events, oldest first, and hands each to `handler`. Events with an
  /// unknown id are counted and skipped.
  ///
  /// @return number of events taken; less than `budget` means the ring was empty
  public int drain(int budget, EventHandler handler) {
    int done = 0;
    while (done < budget && inuse.owned()) {
      long event = data + EventLayout.SIZE * inuse.position();
      int id = memory.le32(event + EventLayout.ID_OFFSET);
      long value = memory.le64(event + EventLayout.VALUE_OFFSET);
      if (id == EventLayout.DEVADD) {
        takeDeviceAdded(event, value, handler);
      } else {
        memory.le64(event, 0L);
        memory.le64(event + EventLayout.VALUE_OFFSET, 0L);
        inuse.pop();
        dispatch(id, value, handler);
      }
      done++;
    }
    return done;
  }

  /// Tells south that descriptors came back. True: south waits for them, kick it.
  public boolean inject() {
    return ioq.signal().inject();
  }

  private static void dispatch(int id, long value, EventHandler handler) {
    switch (id) {
      case EventLayout.SHMSIGNAL -> handler.signal(value);
      case EventLayout.DEVDROP -> handler.deviceDropped(value);
      case EventLayout.SHMCLOSE -> handler.signalClosed(value);
      default -> {} // returned to south and otherwise ignored (section 6)
    }
  }

  private void takeDeviceAdded(long event, long id, EventHandler handler) {
    byte[] bytes = new byte[EventLayout.TYPE_SIZE];
    int length = 0;
    while (length < bytes.length) {
      byte b = memory.u8(event + EventLayout.TYPE_OFFSET + length);
      if (b == 0) {
        break;
      }
      bytes[length++] = b;
    }
    memory.zero(event, EventLayout.SIZE);
    inuse.pop();
    handler.deviceAdded(id, new String(bytes, 0, length, StandardCharsets.US_ASCII));
  }
}
