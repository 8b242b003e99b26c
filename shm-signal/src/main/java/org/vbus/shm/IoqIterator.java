package org.vbus.shm;

/// A position in an IOQ and the two moves that hand descriptors over: push at the tail, pop from
/// the head (vbus ABI, section 5.1).
///
/// | queue | producer | consumer |
/// |---|---|---|
/// | south to north | north fills with a push on *valid*; south pushes on *inuse* | north pops on *inuse* |
/// | north to south | north pushes on *both* | south pops on *inuse*; north cleans up with a pop on *valid*, [#NOFLIPOWNER] |
///
/// The position is private to this object. An index in shared memory is compared with it and
/// written, but never followed, so a lying peer gets [Delivery#REFUSED] and nothing else.
///
/// The historical code has a full barrier after each step. What the steps need is weaker: the owner
/// byte is released after everything else (MO-IOQ-1), and the signal has its own full fence
/// (MO-SIG-2). A `full` flag that loses its race with a concurrent pop is meaningless because head
/// and tail differ, and the next pop clears it.
public final class IoqIterator {
  /// Option: inject the ring's signal after every push and pop.
  public static final int AUTOUPDATE = 1;

  /// Option: leave the owner byte alone.
  public static final int NOFLIPOWNER = 2;

  private final Ioq ioq;
  private final IoqIndex index;
  private final boolean autoUpdate;
  private final boolean flipOwner;
  private int position;

  IoqIterator(Ioq ioq, IoqIndex index, int options) {
    if ((options & ~(AUTOUPDATE | NOFLIPOWNER)) != 0) {
      throw new IllegalArgumentException(
          "unknown iterator options 0x" + Integer.toHexString(options));
    }
    this.ioq = ioq;
    this.index = index;
    this.autoUpdate = (options & AUTOUPDATE) != 0;
    this.flipOwner = (options & NOFLIPOWNER) == 0;
  }

  /// The descriptor this iterator stands at.
  public int position() {
    return position;
  }

  /// Goes to a given descriptor.
  ///
  /// @throws IllegalArgumentException if there is no such descriptor
  public void seek(int newPosition) {
    if (newPosition < 0 || newPosition >= ioq.count()) {
      throw new IllegalArgumentException(
          "position " + newPosition + " in a ring of " + ioq.count() + " descriptors");
    }
    position = newPosition;
  }

  /// Goes to the oldest entry of the index.
  ///
  /// @throws IllegalArgumentException if the index in shared memory is out of range
  public void seekHead() {
    seek(ioq.head(index));
  }

  /// Goes to the place of the next entry of the index.
  ///
  /// @throws IllegalArgumentException if the index in shared memory is out of range
  public void seekTail() {
    seek(ioq.tail(index));
  }

  /// Goes to the following descriptor, wrapping.
  public void next() {
    position = following();
  }

  /// Whether this side owns the descriptor here.
  public boolean owned() {
    return ioq.owned(position);
  }

  /// Adds the descriptor here at the tail and hands it over.
  ///
  /// @return REFUSED (nothing changed) unless this is the tail and this side owns it; INTERRUPT if
  ///   [#AUTOUPDATE] asks for a crossing; else QUIET
  public Delivery push() {
    boolean both = index == IoqIndex.BOTH;
    if (ioq.tail(index) != position || (both && ioq.tail(IoqIndex.INUSE) != position) || !owned()) {
      return Delivery.REFUSED;
    }
    advanceTail(index);
    if (both) {
      advanceTail(IoqIndex.INUSE);
    }
    return handOver();
  }

  /// Takes the descriptor here from the head and hands it over.
  ///
  /// @return REFUSED (nothing changed) unless this is the head and this side owns it; INTERRUPT if
  ///   [#AUTOUPDATE] asks for a crossing; else QUIET
  public Delivery pop() {
    if (ioq.head(index) != position || !owned()) {
      return Delivery.REFUSED;
    }
    ioq.head(index, following());
    if (ioq.full(index)) {
      ioq.full(index, false);
    }
    return handOver();
  }

  private void advanceTail(IoqIndex moved) {
    int tail = following();
    if (ioq.head(moved) == tail) {
      ioq.full(moved, true);
    }
    ioq.tail(moved, tail);
  }

  private Delivery handOver() {
    if (flipOwner) {
      ioq.handOver(position);
    }
    next();
    return autoUpdate && ioq.signal().inject() ? Delivery.INTERRUPT : Delivery.QUIET;
  }

  private int following() {
    int next = position + 1;
    return next == ioq.count() ? 0 : next;
  }
}
