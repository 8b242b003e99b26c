package org.vbus.shm;

import static org.vbus.shm.ShmSignalLayout.DIRTY;
import static org.vbus.shm.ShmSignalLayout.ENABLED;
import static org.vbus.shm.ShmSignalLayout.MAGIC;
import static org.vbus.shm.ShmSignalLayout.MAGIC_OFFSET;
import static org.vbus.shm.ShmSignalLayout.PENDING;
import static org.vbus.shm.ShmSignalLayout.SIZE;
import static org.vbus.shm.ShmSignalLayout.VERSION;
import static org.vbus.shm.ShmSignalLayout.VERSION_OFFSET;

import java.lang.foreign.MemorySegment;

/// One side's view of a shared-memory signal: tells the peer that memory has changed, and crosses
/// the boundary only if the peer wants that and has not been told yet (vbus ABI, section 4).
///
/// The receiving side works in one of two ways.
///
/// ```
/// interrupt driven                      polling (as NAPI)
///   on a notification:                    on a notification, masked or not:
///     wakeup(handler)                       finish(); if enabled: disable() and start polling
///   to unmask:                            polling:
///     enable(); wakeup(handler)             take(); look at the memory until there is nothing left
///                                           if enable(): disable() and poll again; else done
/// ```
///
/// One thread per side at a time. Two threads of one side that [#inject] at once cost at most a
/// spurious notification.
public final class ShmSignal {
  private final SharedMemory memory;
  private final long off;
  private final long mine;
  private final long theirs;

  /// The signal at `off` of `segment` as seen from `me`. Reads nothing: see [#valid].
  ///
  /// @throws IllegalArgumentException if the place is outside the segment or misaligned
  public ShmSignal(MemorySegment segment, long off, Locality me) {
    this(SegmentMemory.of(segment, off, SIZE), off, me);
  }

  ShmSignal(SharedMemory memory, long off, Locality me) {
    this.memory = memory;
    this.off = off;
    this.mine = off + ShmSignalLayout.irq(me);
    this.theirs = off + ShmSignalLayout.irq(me.peer());
  }

  /// North writes a fresh signal: both sides masked, nothing pending.
  public static void format(MemorySegment segment, long off) {
    format(SegmentMemory.of(segment, off, SIZE), off);
  }

  static void format(SharedMemory memory, long off) {
    memory.zero(off, SIZE);
    memory.le32(off + MAGIC_OFFSET, MAGIC);
    memory.le32(off + VERSION_OFFSET, VERSION);
  }

  /// Whether magic and version are right.
  public boolean valid() {
    return memory.le32(off + MAGIC_OFFSET) == MAGIC && memory.le32(off + VERSION_OFFSET) == VERSION;
  }

  /// Tells the peer that memory changed. True: cross the boundary now. False: the peer is masked,
  /// or a notification is under way.
  public boolean inject() {
    if (!announce()) {
      return false;
    }
    post();
    return true;
  }

  /// First half of [#inject]: marks the memory dirty and says whether the peer wants to be told.
  boolean announce() {
    // [MO-SIG-1] RELEASE peer.dirty. Partner: MO-SIG-6. Orders: the changed memory, before dirty.
    memory.u8Release(theirs + DIRTY, (byte) 1);
    // [MO-SIG-2] FULL. Partner: MO-SIG-4, MO-SIG-5, MO-EVT-1. Orders: changed memory and dirty,
    // before
    // the look at peer.enabled and peer.pending.
    memory.fullFence();
    return memory.u8(theirs + ENABLED) != 0 && memory.u8(theirs + PENDING) == 0;
  }

  /// Second half of [#inject] for callers that serialise themselves: true for exactly one of
  /// several that announced at once.
  boolean claim() {
    if (memory.u8(theirs + PENDING) != 0) {
      return false;
    }
    post();
    return true;
  }

  private void post() {
    memory.u8(theirs + PENDING, (byte) 1);
    // [MO-SIG-3] FULL. Partner: the receiver's store of pending = 0 (MO-SIG-5, MO-EVT-1). Orders:
    // pending = 1, before the crossing that makes the receiver clear it.
    memory.fullFence();
  }

  /// Unmasks. True: memory changed since the last [#take], so look again before sleeping. A
  /// receiver that works by [#wakeup] calls that next in any case.
  public boolean enable() {
    memory.u8(mine + ENABLED, (byte) 1);
    // [MO-SIG-4] FULL. Partner: MO-SIG-2. Orders: enabled = 1, before the look at dirty and at
    // whatever
    // else the caller looks at afterwards.
    memory.fullFence();
    return dirty();
  }

  /// Masks. Changes stay recorded in `dirty`. A peer that has not seen it yet may still send one
  /// notification.
  public void disable() {
    memory.u8(mine + ENABLED, (byte) 0);
  }

  /// Whether this side wants notifications.
  public boolean enabled() {
    return memory.u8(mine + ENABLED) != 0;
  }

  /// Whether the peer changed memory since the last [#take].
  public boolean dirty() {
    return memory.u8(mine + DIRTY) != 0;
  }

  /// Whether [#wakeup] would call its handler.
  public boolean due() {
    return enabled() && (dirty() || memory.u8(mine + PENDING) != 0);
  }

  /// Clears `dirty`: what the caller reads from now on includes everything announced before.
  public void take() {
    memory.u8(mine + DIRTY, (byte) 0);
    // [MO-SIG-6] FULL. Partner: MO-SIG-1, MO-SIG-2. Orders: dirty = 0, before the look at the
    // memory.
    memory.fullFence();
  }

  /// Ends a notification, so that the peer may send the next one. A change of which the peer did
  /// not tell because this notification was under way is visible to a look after this call.
  public void finish() {
    memory.u8(mine + PENDING, (byte) 0);
    // [MO-SIG-5] FULL. Partner: MO-SIG-2. Orders: pending = 0, before the next look.
    memory.fullFence();
  }

  /// The complete form of wakeup: runs `handler` until nothing is dirty, and lets the peer notify
  /// again only then. Does nothing while masked.
  public void wakeup(Runnable handler) {
    while (due()) {
      do {
        take();
        handler.run();
      } while (enabled() && dirty());
      finish();
    }
  }

  /// Clears and unmasks in one go, for a receiver that looks at more than `dirty`: the caller
  /// fences, then looks.
  void arm() {
    memory.u8(mine + PENDING, (byte) 0);
    memory.u8(mine + ENABLED, (byte) 1);
    // [MO-SIG-7] RELEASE dirty = 0. Partner: MO-SIG-2. Orders: pending = 0 and enabled = 1, before
    // dirty = 0.
    // So a dirty = 1 that stays behind always has a notification under way.
    memory.u8Release(mine + DIRTY, (byte) 0);
  }
}
