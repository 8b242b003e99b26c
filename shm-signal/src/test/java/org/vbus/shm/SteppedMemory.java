package org.vbus.shm;

/// The seam through which the real code of one side is stepped. It replays the results of the
/// accesses made so far and stops the code, by an exception, at the first access that has not been
/// made yet. So a side's state is just the list of those results, and no threads are needed.
final class SteppedMemory extends SharedMemory {
  enum Kind {
    LOAD,
    STORE,
    FENCE,
    /// Crosses the boundary: raises the given lines for the other side.
    RAISE,
    /// Sleeps until one of the given lines is raised, and takes them.
    AWAIT
  }

  record Access(Kind kind, long off, int size, long value, boolean release) {
    boolean touches(long from, long length) {
      return off < from + length && from < off + size;
    }
  }

  /// Unwinds a side to where the explorer replays it from.
  static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Stop() {
      super(null, null, false, false);
    }
  }

  private final long[] results;
  private int made;
  private Access next = new Access(Kind.FENCE, 0, 0, 0, false);

  SteppedMemory(long[] results) {
    this.results = results;
  }

  /// The access that stopped the side.
  Access next() {
    return next;
  }

  void raise(int lines) {
    access(Kind.RAISE, 0, 0, lines, false);
  }

  int await(int lines) {
    return (int) access(Kind.AWAIT, 0, 0, lines, false);
  }

  private long access(Kind kind, long off, int size, long value, boolean release) {
    if (made < results.length) {
      return results[made++];
    }
    next = new Access(kind, off, size, value, release);
    throw new Stop();
  }

  @Override
  byte u8(long off) {
    return (byte) access(Kind.LOAD, off, 1, 0, false);
  }

  @Override
  byte u8Acquire(long off) {
    return (byte) access(Kind.LOAD, off, 1, 0, false);
  }

  @Override
  void u8(long off, byte value) {
    access(Kind.STORE, off, 1, value, false);
  }

  @Override
  void u8Release(long off, byte value) {
    access(Kind.STORE, off, 1, value, true);
  }

  @Override
  int le32(long off) {
    return (int) access(Kind.LOAD, off, 4, 0, false);
  }

  @Override
  void le32(long off, int value) {
    access(Kind.STORE, off, 4, value, false);
  }

  @Override
  long le64(long off) {
    return access(Kind.LOAD, off, 8, 0, false);
  }

  @Override
  void le64(long off, long value) {
    access(Kind.STORE, off, 8, value, false);
  }

  @Override
  void fullFence() {
    access(Kind.FENCE, 0, 0, 0, false);
  }
}
