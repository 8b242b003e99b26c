package org.vbus.connector.kvm.x86;

import org.jspecify.annotations.Nullable;

/// A memory operand: `size` bytes at `base + index * scale + disp`.
///
/// An operand without a base is absolute and reaches the lowest 2 GiB.
///
/// @param scale 1, 2, 4 or 8
public record Memory(
    Size size, @Nullable Register base, @Nullable Register index, int scale, int disp) {
  /// Checks what no instruction can express.
  public Memory {
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("an index is scaled by 1, 2, 4 or 8, not " + scale);
    }
    if (index == Register.RSP) {
      throw new IllegalArgumentException("rsp cannot be an index");
    }
    if (base == null && disp < 0) {
      throw new IllegalArgumentException(
          "absolute address 0x%x is not in the lowest 2 GiB".formatted(disp));
    }
  }

  /// One byte at an address of the lowest 2 GiB.
  public static Memory byteAt(long address) {
    return absolute(Size.BYTE, address);
  }

  /// 16 bits at an address of the lowest 2 GiB.
  public static Memory wordAt(long address) {
    return absolute(Size.WORD, address);
  }

  /// 32 bits at an address of the lowest 2 GiB.
  public static Memory dwordAt(long address) {
    return absolute(Size.DWORD, address);
  }

  /// 64 bits at an address of the lowest 2 GiB.
  public static Memory qwordAt(long address) {
    return absolute(Size.QWORD, address);
  }

  private static Memory absolute(Size size, long address) {
    return new Memory(size, null, null, 1, Math.toIntExact(address));
  }

  /// One byte at `base + disp`.
  public static Memory byteAt(Register base, long disp) {
    return at(Size.BYTE, base, disp);
  }

  /// 16 bits at `base + disp`.
  public static Memory wordAt(Register base, long disp) {
    return at(Size.WORD, base, disp);
  }

  /// 32 bits at `base + disp`.
  public static Memory dwordAt(Register base, long disp) {
    return at(Size.DWORD, base, disp);
  }

  /// 64 bits at `base + disp`.
  public static Memory qwordAt(Register base, long disp) {
    return at(Size.QWORD, base, disp);
  }

  /// `size` at `base + disp`.
  public static Memory at(Size size, Register base, long disp) {
    return new Memory(size, base, null, 1, Math.toIntExact(disp));
  }

  /// This operand, further on by `index * times`.
  public Memory plus(Register offset, int times) {
    return new Memory(size, base, offset, times, disp);
  }
}
