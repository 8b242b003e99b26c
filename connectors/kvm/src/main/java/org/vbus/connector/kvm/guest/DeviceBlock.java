package org.vbus.connector.kvm.guest;

import static org.vbus.core.memory.LittleEndian.LONG;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import org.vbus.core.ring.SplitLayout;

/// All that a guest keeps of one device, in one block, so that one register reaches everything by
/// constant distances.
///
/// ```
///   state | expected used elements | descriptor table | avail ring | used ring | buffers | signal
/// ```
///
/// Request `n` (from 0) of a device has token `n mod depth`, descriptors `2 * token` and the next,
/// and its number plus one in the first and last 8 bytes of its buffer. Avail ring and descriptors
/// never change once written: the guest only moves the index. That needs a device that answers in
/// order; one that does not is seen by its used elements, and counts as wrong.
///
/// @param size entries of the queue
/// @param bytes of a request, and of its answer
record DeviceBlock(int size, int bytes) {
  /// Address of the register or number of the port that kicks.
  static final int DOORBELL = 0x00;

  /// Requests published.
  static final int SUBMITTED = 0x08;

  /// Requests answered; private, unlike the copy in [GuestCounters].
  static final int ANSWERED = 0x10;

  /// Address of that copy.
  static final int ANSWERED_LINE = 0x18;

  /// The device's bit among those that need service.
  static final int BIT = 0x20;

  /// Value for QUEUE_SIGNAL.
  static final int SIGNAL = 0x28;

  /// Value for QUEUE_LEVEL.
  static final int LEVEL = 0x30;

  /// What is written to the port that kicks.
  static final int KICK_VALUE = 0x38;

  private static final int EXPECTED = 0x40;
  private static final int CACHE_LINE = 64;

  int expected() {
    return EXPECTED;
  }

  int desc() {
    return align(EXPECTED + Long.BYTES * size);
  }

  int avail() {
    return align(desc() + SplitLayout.descBytes(size));
  }

  int used() {
    return align(avail() + SplitLayout.availBytes(size));
  }

  /// Buffer of the request with token 0.
  int requests() {
    return align(used() + SplitLayout.usedBytes(size));
  }

  /// Buffer of the answer with token 0.
  int answers() {
    return requests() + bytes;
  }

  /// From one token's buffers to the next one's, as a power of two.
  int bufferShift() {
    return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(2 * bytes, CACHE_LINE) - 1);
  }

  int depth() {
    return size / 2;
  }

  /// A signal of the bridge, which wants it near the rings.
  int signal() {
    return align(requests() + (depth() << bufferShift()));
  }

  /// Bytes of the block.
  long footprint() {
    return (long) signal() + CACHE_LINE;
  }

  private static int align(int offset) {
    return (offset + CACHE_LINE - 1) & -CACHE_LINE;
  }

  /// Writes the block of device `index` at `at`, ready to be used.
  ///
  /// @param signal vector or handle, or [DeviceRegisters#NO_SIGNAL]
  void write(MemorySegment memory, long at, int index, int signal, int level) {
    memory.set(LONG, at + ANSWERED_LINE, answeredLine(index));
    memory.set(LONG, at + BIT, 1L << index);
    memory.set(LONG, at + SIGNAL, signal & 0xffffffffL);
    memory.set(LONG, at + LEVEL, level);
    for (int token = 0; token < depth(); token++) {
      long buffers = (long) token << bufferShift();
      describe(memory, at, 2 * token, at + requests() + buffers, SplitLayout.F_NEXT);
      describe(memory, at, 2 * token + 1, at + answers() + buffers, SplitLayout.F_WRITE);
    }
    for (int slot = 0; slot < size; slot++) {
      int head = 2 * (slot % depth());
      memory.set(SHORT, at + avail() + SplitLayout.availElement(slot), (short) head);
      memory.set(LONG, at + expected() + (long) slot * Long.BYTES, head | (long) bytes << 32);
    }
  }

  private static long answeredLine(int index) {
    return GuestCounters.ADDRESS + GuestCounters.ANSWERED + index * GuestCounters.LINE;
  }

  private void describe(MemorySegment memory, long at, int index, long buffer, int flags) {
    long entry = at + desc() + (long) index * SplitLayout.DESC_SIZE;
    int next = (flags & SplitLayout.F_NEXT) != 0 ? index + 1 : 0;
    memory.set(LONG, entry + SplitLayout.DESC_ADDR, buffer);
    memory.set(
        LONG,
        entry + SplitLayout.DESC_LEN_FLAGS_NEXT,
        bytes | (long) flags << 32 | (long) next << 48);
  }
}
