package org.vbus.connector.kvm.guest;

import static org.vbus.core.memory.LittleEndian.LE32;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The page by which a host makes the guest of [AgentProgram] do accesses, and hears of interrupts
/// it took. One command at a time.
///
/// ```
///   0x00  command, 32 bits: 0 = none, else an Operation's number plus one; the guest clears it
///   0x08  address or port, 64 bits
///   0x10  value, 64 bits: what to write, or what was read
///   0x40  256 bits: vectors taken since the host looked
/// ```
public final class AgentMailbox {
  /// Guest-physical address.
  public static final long ADDRESS = 0x58000;

  static final long COMMAND = ADDRESS;
  static final long PLACE = ADDRESS + 0x08;
  static final long VALUE = ADDRESS + 0x10;
  static final long VECTORS = ADDRESS + 0x40;
  private static final int WORDS = 4;

  private static final VarHandle LE64 =
      ValueLayout.JAVA_LONG
          .withOrder(ByteOrder.LITTLE_ENDIAN)
          .varHandle()
          .withInvokeExactBehavior();

  private final MemorySegment memory;

  /// What the guest can be made to do.
  public enum Operation {
    READ_8,
    READ_16,
    READ_32,
    READ_64,
    WRITE_8,
    WRITE_16,
    WRITE_32,
    WRITE_64,
    /// A write of 32 bits to a port.
    OUT;

    int code() {
      return ordinal() + 1;
    }

    /// A read of so many bytes.
    public static Operation read(int bytes) {
      return values()[READ_8.ordinal() + log2(bytes)];
    }

    /// A write of so many bytes.
    public static Operation write(int bytes) {
      return values()[WRITE_8.ordinal() + log2(bytes)];
    }

    private static int log2(int bytes) {
      if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
        throw new IllegalArgumentException("no access has " + bytes + " bytes");
      }
      return Integer.numberOfTrailingZeros(bytes);
    }
  }

  /// That of the guest whose memory this is, from guest-physical 0 on.
  public AgentMailbox(MemorySegment memory) {
    this.memory = memory;
  }

  /// Hands a command over; the last one has to be [#done()]. The guest has to be interrupted on
  /// [Vectors#CONTROL] afterwards, and reports [AgentProgram#COMMAND_DONE] when it is.
  ///
  /// @param place guest-physical address, or port
  /// @param value to be written
  public void post(Operation operation, long place, long value) {
    LE64.setOpaque(memory, PLACE, place);
    LE64.setOpaque(memory, VALUE, value);
    // [MO-GUEST-11] RELEASE command. Partner: MO-GUEST-12. Orders: place and value before it.
    LE32.setRelease(memory, COMMAND, operation.code());
  }

  /// Whether the guest has done its command.
  public boolean done() {
    // [MO-GUEST-13] ACQUIRE command. Partner: MO-GUEST-14. Orders: it before the value.
    return (int) LE32.getAcquire(memory, COMMAND) == 0;
  }

  /// What a read gave, when it is [#done()].
  public long value() {
    return (long) LE64.getOpaque(memory, VALUE);
  }

  /// Takes the vectors the guest was interrupted on since the last call, one bit each.
  public long[] takeVectors() {
    long[] taken = new long[WORDS];
    for (int i = 0; i < WORDS; i++) {
      taken[i] = (long) LE64.getAndSet(memory, VECTORS + (long) i * Long.BYTES, 0L);
    }
    return taken;
  }
}
