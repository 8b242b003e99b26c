package org.vbus.core.bus;

/// Halves of 64-bit registers.
final class Words {
  private Words() {}

  static long low(long word, int half) {
    return (word & 0xffffffff00000000L) | (half & 0xffffffffL);
  }

  static long high(long word, int half) {
    return (word & 0xffffffffL) | (long) half << 32;
  }
}
