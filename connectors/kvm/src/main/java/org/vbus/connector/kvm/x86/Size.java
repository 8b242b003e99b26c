package org.vbus.connector.kvm.x86;

/// Width of an access to memory.
public enum Size {
  BYTE(1),
  WORD(2),
  DWORD(4),
  QWORD(8);

  private final int bytes;

  Size(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of the access.
  public int bytes() {
    return bytes;
  }

  /// The size of so many bytes.
  ///
  /// @throws IllegalArgumentException when there is none
  public static Size of(int bytes) {
    for (Size size : values()) {
      if (size.bytes == bytes) {
        return size;
      }
    }
    throw new IllegalArgumentException("no access has " + bytes + " bytes");
  }
}
