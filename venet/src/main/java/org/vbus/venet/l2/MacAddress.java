package org.vbus.venet.l2;

/// MAC addresses as the low 48 bits of a `long`, first byte on the wire in bits 47 to 40.
///
/// The terms are those of IEEE 802: the least significant bit of the first byte is the group bit
/// (multicast), the next one says that the address is locally administered.
public final class MacAddress {
  /// All ones: every station.
  public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

  private static final long GROUP_BIT = 1L << 40;
  private static final long LOCAL_BIT = 1L << 41;

  /// 01:80:c2:00:00:00 to 01:80:c2:00:00:0f: the group addresses that IEEE 802.1D (7.12.6) and
  /// 802.1Q (8.6.3) keep on one link. The low four bits are free.
  private static final long RESERVED = 0x0180_C200_0000L;

  private static final int TEXT_LENGTH = 17;
  private static final String DIGITS = "0123456789abcdef";

  private MacAddress() {}

  /// Reads six hexadecimal bytes separated by colons or by hyphens, such as `52:54:00:00:00:01`.
  ///
  /// @throws IllegalArgumentException with the text and what was expected
  public static long parse(String text) {
    if (text.length() != TEXT_LENGTH) {
      throw malformed(text);
    }
    char separator = text.charAt(2);
    if (separator != ':' && separator != '-') {
      throw malformed(text);
    }
    long mac = 0;
    for (int i = 0; i < TEXT_LENGTH; i++) {
      char c = text.charAt(i);
      if (i % 3 == 2) {
        if (c != separator) {
          throw malformed(text);
        }
      } else {
        // ASCII only: Character.digit alone would also take digits of other scripts.
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
          throw malformed(text);
        }
        mac = mac << 4 | digit;
      }
    }
    return mac;
  }

  /// Lower-case, with colons.
  public static String format(long mac) {
    char[] text = new char[TEXT_LENGTH];
    int shift = 44;
    for (int i = 0; i < TEXT_LENGTH; i++) {
      if (i % 3 == 2) {
        text[i] = ':';
      } else {
        text[i] = DIGITS.charAt((int) (mac >>> shift) & 0xF);
        shift -= 4;
      }
    }
    return new String(text);
  }

  /// Whether the address names a group of stations; true for broadcast too.
  public static boolean isMulticast(long mac) {
    return (mac & GROUP_BIT) != 0;
  }

  /// Whether the address was chosen by an administrator rather than by a manufacturer.
  public static boolean isLocallyAdministered(long mac) {
    return (mac & LOCAL_BIT) != 0;
  }

  /// Whether a bridge must not forward frames to this group address.
  public static boolean isReservedGroup(long mac) {
    return (mac & ~0xFL) == RESERVED;
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        "MAC address \""
            + text
            + "\": expected six hexadecimal bytes, for example 52:54:00:00:00:01");
  }
}
