package org.vbus.connector.kvm.x86;

import static org.vbus.connector.kvm.x86.Size.BYTE;
import static org.vbus.connector.kvm.x86.Size.QWORD;
import static org.vbus.connector.kvm.x86.Size.WORD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The bytes of instructions.
///
/// ```
///   [66] [REX: 0100WRXB] opcode (1 or 2 bytes) [ModRM: mod reg rm] [SIB: scale index base] [disp] [constant]
/// ```
///
/// An opcode of two bytes is given as one number, its 0f first. `field` is what stands in the reg
/// bits of ModRM: a register's number or an extension of the opcode.
final class Encoder {
  private static final int NO_INDEX = 4;
  private static final int SIB_FOLLOWS = 4;
  private static final int DISP32_ONLY = 5;

  private ByteBuffer bytes = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);

  int position() {
    return bytes.position();
  }

  byte[] bytes() {
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  void u8(int value) {
    room().put((byte) value);
  }

  void u32(int value) {
    room().putInt(value);
  }

  void u64(long value) {
    room().putLong(value);
  }

  void patch32(int position, int value) {
    bytes.putInt(position, value);
  }

  private ByteBuffer room() {
    if (bytes.remaining() < Long.BYTES) {
      byte[] larger = Arrays.copyOf(bytes.array(), bytes.capacity() * 2);
      bytes = ByteBuffer.wrap(larger).order(ByteOrder.LITTLE_ENDIAN).position(bytes.position());
    }
    return bytes;
  }

  /// A constant beside an operand of `size`; for 64 bits it has 32 and a sign.
  ///
  /// @throws IllegalArgumentException when the operand cannot hold the value
  void constant(Size size, long value) {
    if (!fits(size, value)) {
      throw new IllegalArgumentException("%s cannot hold 0x%x".formatted(size, value));
    }
    switch (size) {
      case BYTE -> u8((int) value);
      case WORD -> {
        u8((int) value);
        u8((int) value >> 8);
      }
      case DWORD, QWORD -> u32((int) value);
    }
  }

  private static boolean fits(Size size, long value) {
    if (size == QWORD) {
      return value == (int) value;
    }
    long limit = 1L << (8 * size.bytes());
    return value >= -(limit / 2) && value < limit;
  }

  void rex(boolean wide, int reg, int index, int base) {
    int bits = (wide ? 8 : 0) | reg << 2 | index << 1 | base;
    if (bits != 0) {
      u8(0x40 | bits);
    }
  }

  private void opcode(int opcode) {
    if (opcode > 0xff) {
      u8(opcode >> 8);
    }
    u8(opcode);
  }

  /// An instruction on a register of 32 or 64 bits.
  void register(Size size, int opcode, int field, Register rm) {
    rex(size == QWORD, field >> 3, 0, rm.high());
    opcode(opcode);
    u8(0xc0 | (field & 7) << 3 | rm.low());
  }

  /// An instruction on the lowest byte of a register; without a REX prefix four of them would be
  /// the second-lowest bytes of others.
  void byteRegister(int opcode, int field, Register rm) {
    u8(0x40 | (field >> 3) << 2 | rm.high());
    opcode(opcode);
    u8(0xc0 | (field & 7) << 3 | rm.low());
  }

  /// One of the eight instructions that share an opcode, on a register and a constant.
  void arithmetic(int field, Register rm, int value) {
    boolean small = value == (byte) value;
    register(QWORD, small ? 0x83 : 0x81, field, rm);
    if (small) {
      u8(value);
    } else {
      u32(value);
    }
  }

  /// The same on memory.
  void arithmetic(int field, Memory rm, int value) {
    Size size = rm.size();
    if (size == BYTE) {
      memory(size, 0x80, field, rm);
      constant(BYTE, value);
    } else if (value == (byte) value) {
      memory(size, 0x83, field, rm);
      u8(value);
    } else {
      memory(size, 0x81, field, rm);
      constant(size, value);
    }
  }

  /// An instruction between memory and the low bits of a register.
  void store(Size size, int opcode, Register register, Memory memory) {
    prefixes(size, size == BYTE, register.ordinal(), memory);
    opcode(opcode);
    operand(register.ordinal(), memory);
  }

  /// An instruction on memory.
  void memory(Size size, int opcode, int field, Memory memory) {
    prefixes(size, false, field, memory);
    opcode(opcode);
    operand(field, memory);
  }

  private void prefixes(Size size, boolean byteRegister, int field, Memory memory) {
    if (size == WORD) {
      u8(0x66);
    }
    Register index = memory.index();
    Register base = memory.base();
    int x = index == null ? 0 : index.high();
    int b = base == null ? 0 : base.high();
    if (byteRegister && field >= 4 && field < 8 && (x | b) == 0) {
      u8(0x40);
    } else {
      rex(size == QWORD, field >> 3, x, b);
    }
  }

  private void operand(int field, Memory memory) {
    Register base = memory.base();
    Register index = memory.index();
    int reg = (field & 7) << 3;
    if (base == null) {
      u8(reg | SIB_FOLLOWS);
      sib(memory.scale(), index, DISP32_ONLY);
      u32(memory.disp());
      return;
    }
    int disp = memory.disp();
    // mod 0 with the base bits of rbp and r13 means something else.
    int mod = disp == 0 && base.low() != DISP32_ONLY ? 0 : disp == (byte) disp ? 1 : 2;
    if (index != null || base.low() == SIB_FOLLOWS) {
      u8((mod << 6) | reg | SIB_FOLLOWS);
      sib(memory.scale(), index, base.low());
    } else {
      u8((mod << 6) | reg | base.low());
    }
    if (mod == 1) {
      u8(disp);
    } else if (mod == 2) {
      u32(disp);
    }
  }

  private void sib(int scale, @Nullable Register index, int base) {
    int low = index == null ? NO_INDEX : index.low();
    u8(Integer.numberOfTrailingZeros(scale) << 6 | low << 3 | base);
  }
}
