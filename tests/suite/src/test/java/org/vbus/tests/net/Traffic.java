package org.vbus.tests.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.vbus.proxy.driver.NetDriver;

/// Numbered frames from one card to another: each says by its number how long it is and what is in
/// it. Sent on one thread, checked on another; allocates nothing per frame.
final class Traffic {
  private static final ValueLayout.OfLong BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong NUMBER = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int NUMBER_AT = 14;
  private static final int PAYLOAD = 22;
  private static final int BURST = 32;

  private final int shortest;
  private final int longest;
  private final int checked;
  private final MemorySegment frame = Arena.ofAuto().allocate(16384);
  private long next;

  /// Frames the driver took, and frames that arrived and were right.
  final AtomicLong sent = new AtomicLong();

  final AtomicLong received = new AtomicLong();

  /// The first thing that was wrong, or null.
  volatile String wrong;

  private long expected;

  /// Frames of `shortest` to `longest` bytes, all of which are checked.
  Traffic(long from, long to, int shortest, int longest) {
    this(from, to, shortest, longest, longest);
  }

  /// Frames of one length, of which only the beginning is made anew and checked.
  static Traffic numbersOnly(long from, long to, int length) {
    return new Traffic(from, to, length, length, PAYLOAD + 8);
  }

  private Traffic(long from, long to, int shortest, int longest, int checked) {
    this.shortest = shortest;
    this.longest = longest;
    this.checked = checked;
    frame.set(BE, 0, to << 16 | from >>> 32);
    frame.set(BE, 6, from << 16 | 0x88b5);
  }

  private static long mix(long number) {
    long z = (number + 1) * 0x9e3779b97f4a7c15L;
    return z ^ z >>> 29;
  }

  private int length(long number) {
    return shortest + (int) Long.remainderUnsigned(mix(number), longest - shortest + 1);
  }

  /// Hands a burst to the card, as far as it has room.
  void send(NetDriver card) {
    for (int i = 0; i < BURST; i++) {
      int length = length(next);
      frame.set(NUMBER, NUMBER_AT, next);
      fill(next, length);
      if (!card.send(frame, 0, length)) {
        break;
      }
      next++;
    }
    card.flush();
    sent.lazySet(next);
  }

  private void fill(long number, int length) {
    long value = mix(number);
    for (int at = PAYLOAD; at + 8 <= Math.min(length, checked); at += 8) {
      frame.set(NUMBER, at, value += at);
    }
  }

  /// Checks a frame: numbers ascend, and the bytes are those of its number.
  void check(MemorySegment memory, long off, int len) {
    if (wrong != null) {
      return;
    }
    long number = memory.get(NUMBER, off + NUMBER_AT);
    if (number < expected || number >= 1L << 40 || len != length(number)) {
      wrong =
          "frame " + number + " of " + len + " bytes, at least number " + expected + " expected";
      return;
    }
    long value = mix(number);
    for (int at = PAYLOAD; at + 8 <= Math.min(len, checked); at += 8) {
      if (memory.get(NUMBER, off + at) != (value += at)) {
        wrong = "frame " + number + " differs at byte " + at;
        return;
      }
    }
    expected = number + 1;
    received.lazySet(received.getPlain() + 1);
  }
}
