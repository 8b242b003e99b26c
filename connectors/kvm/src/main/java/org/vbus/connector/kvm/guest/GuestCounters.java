package org.vbus.connector.kvm.guest;

import static org.vbus.core.memory.LittleEndian.LE32;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// What a guest says about itself, in two pages of its memory that only it writes. Every field has
/// 64 bytes of its own.
///
/// ```
///   0x000   state, 32 bits: GuestState
///   0x040   panic: 32-bit code, then at 8 the two topmost words of the stack
///   0x080   one 64-bit counter per GuestCounter
///   0x1000  one 64-bit number per device: requests answered
/// ```
///
/// Any thread may read; the numbers only grow.
public final class GuestCounters {
  /// Guest-physical address.
  public static final long ADDRESS = 0x50000;

  /// Most devices of one guest.
  public static final int MAX_DEVICES = 64;

  static final long LINE = 64;
  static final long STATE = 0;
  static final long PANIC = LINE;
  static final long PANIC_STACK = PANIC + 8;
  static final long COUNTERS = 2 * LINE;
  static final long ANSWERED = 0x1000;

  /// Bytes of the two pages.
  static final long SIZE = ANSWERED + MAX_DEVICES * LINE;

  private static final VarHandle LE64 =
      ValueLayout.JAVA_LONG
          .withOrder(ByteOrder.LITTLE_ENDIAN)
          .varHandle()
          .withInvokeExactBehavior();

  private final MemorySegment memory;

  /// Those of the guest whose memory this is, from guest-physical 0 on.
  public GuestCounters(MemorySegment memory) {
    this.memory = memory;
  }

  /// Where the guest stands.
  public GuestState state() {
    int code = (int) LE32.getAcquire(memory, ADDRESS + STATE);
    GuestState[] all = GuestState.values();
    return all[Math.floorMod(code, all.length)];
  }

  /// One of the counters.
  public long get(GuestCounter counter) {
    return (long) LE64.getOpaque(memory, counter.address());
  }

  /// Requests that device `index` of the guest answered.
  ///
  /// @throws IndexOutOfBoundsException when the guest cannot have so many devices
  public long answered(int index) {
    if (index < 0 || index >= MAX_DEVICES) {
      throw new IndexOutOfBoundsException("a guest has %d devices".formatted(MAX_DEVICES));
    }
    return (long) LE64.getOpaque(memory, ADDRESS + ANSWERED + index * LINE);
  }

  /// Requests answered by all devices.
  public long answered() {
    long sum = 0;
    for (int i = 0; i < MAX_DEVICES; i++) {
      sum += answered(i);
    }
    return sum;
  }

  /// Why the guest is in [GuestState#PANIC], with what lies on top of its stack: after an exception
  /// an error code, if it has one, and the address of the instruction.
  public String panic() {
    return "%s (stack 0x%x, 0x%x)"
        .formatted(
            GuestPanic.text((int) LE32.getOpaque(memory, ADDRESS + PANIC)),
            (long) LE64.getOpaque(memory, ADDRESS + PANIC_STACK),
            (long) LE64.getOpaque(memory, ADDRESS + PANIC_STACK + Long.BYTES));
  }

  /// All counters that are not zero, for people.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(state().toString()).append(" answered=");
    text.append(answered());
    for (GuestCounter counter : GuestCounter.values()) {
      long value = get(counter);
      if (value != 0) {
        text.append(' ').append(counter).append('=').append(value);
      }
    }
    return text.toString();
  }
}
