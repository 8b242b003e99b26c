package org.vbus.shm;

import java.lang.foreign.MemorySegment;

/// An array of signals, one per source; the index is the handle that events carry. Because a source
/// queues an event only when its signal asks for a crossing, it has at most one event in the ring
/// (vbus ABI, section 9, item 8: an index instead of the historical raw pointer).
public final class SignalTable {
  /// Most sources of one table.
  public static final int MAX_HANDLES = 1 << 16;

  private final ShmSignal[] signals;

  SignalTable(SharedMemory memory, long off, int handles, Locality me) {
    signals = new ShmSignal[handles];
    for (int i = 0; i < handles; i++) {
      signals[i] = new ShmSignal(memory, off + ShmSignalLayout.SIZE * i, me);
    }
  }

  /// Bytes of a table of `handles` signals.
  public static long footprint(int handles) {
    if (handles < 1 || handles > MAX_HANDLES) {
      throw new IllegalArgumentException(
          "a signal table has 1 to " + MAX_HANDLES + " handles, not " + handles);
    }
    return ShmSignalLayout.SIZE * handles;
  }

  /// North writes a table: every signal masked.
  public static SignalTable format(MemorySegment segment, long off, int handles) {
    SharedMemory memory = SegmentMemory.of(segment, off, footprint(handles));
    for (int i = 0; i < handles; i++) {
      ShmSignal.format(memory, off + ShmSignalLayout.SIZE * i);
    }
    return new SignalTable(memory, off, handles, Locality.NORTH);
  }

  /// Either side takes up a table that north has formatted.
  ///
  /// @throws IllegalArgumentException if it does not fit or a signal has a wrong magic or version
  public static SignalTable open(MemorySegment segment, long off, int handles, Locality me) {
    SharedMemory memory = SegmentMemory.of(segment, off, footprint(handles));
    SignalTable table = new SignalTable(memory, off, handles, me);
    for (int i = 0; i < handles; i++) {
      if (!table.signals[i].valid()) {
        throw new IllegalArgumentException("signal " + i + " has a wrong magic or version");
      }
    }
    return table;
  }

  /// Number of sources.
  public int handles() {
    return signals.length;
  }

  /// Whether a handle that came from elsewhere names a source of this table.
  public boolean contains(long handle) {
    return handle >= 0 && handle < signals.length;
  }

  /// The signal of a source.
  ///
  /// @throws IndexOutOfBoundsException if there is no such handle: check [#contains] first
  public ShmSignal signal(int handle) {
    return signals[handle];
  }
}
