package org.vbus.venet.offload;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vbus.core.memory.LittleEndian;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;

/// Completes the checksum of a frame that needs one: the same frame with two bytes of our own in
/// place of the checksum field.
///
/// One thread; nothing is allocated after construction.
public final class Completion {
  private static final int FIELD = 2;

  private final MemorySegment field = Arena.ofAuto().allocate(FIELD, FIELD);
  private final Frame complete = new Frame(Frame.MAX_PIECES + 2);

  /// Nothing to complete yet.
  public Completion() {}

  /// The frame with its checksum, valid until the next call and as long as `frame` is.
  public Frame of(Frame frame) {
    long offload = frame.offload();
    int start = Offload.checksumStart(offload);
    int at = start + Offload.checksumOffset(offload);
    int end = at + FIELD;
    // The field holds the sum of the pseudo header, so it is summed with the rest.
    long sum = Checksum.add(0, frame, start, frame.length() - start);
    field.set(LittleEndian.SHORT, 0, Checksum.finishNonZero(sum));
    complete.reset();
    // There is room: cutting the field out makes at most two pieces more.
    boolean _ =
        complete.add(frame, 0, at)
            && complete.add(field, 0, FIELD)
            && complete.add(frame, end, frame.length() - end);
    return complete;
  }
}
