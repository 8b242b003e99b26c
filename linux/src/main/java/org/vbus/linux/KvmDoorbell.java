package org.vbus.linux;

/// A write of the guest that signals an [EventFd] and does not leave the kernel: to a port or to a
/// guest-physical address, of one length or any, of one value or any.
///
/// @param port whether `address` is a port, otherwise guest-physical
/// @param length bytes of the write: 1, 2, 4 or 8, or 0 for whatever length
/// @param matching whether only the value `match` rings; needs a length
public record KvmDoorbell(boolean port, long address, int length, boolean matching, long match) {
  public KvmDoorbell {
    if (length != 0 && length != 1 && length != 2 && length != 4 && length != 8) {
      throw new IllegalArgumentException("a doorbell's length is 0, 1, 2, 4 or 8, not " + length);
    }
    if (port && (address < 0 || address > 0xffff || length > 4)) {
      throw new IllegalArgumentException(
          "there is no port 0x%x of %d bytes".formatted(address, length));
    }
    if (matching && length == 0) {
      throw new IllegalArgumentException("a doorbell that matches a value needs a length");
    }
  }

  /// Any value written to a port.
  public static KvmDoorbell port(int port, int length) {
    return new KvmDoorbell(true, port, length, false, 0);
  }

  /// Any value written to a guest-physical address without memory behind it.
  public static KvmDoorbell mmio(long gpa, int length) {
    return new KvmDoorbell(false, gpa, length, false, 0);
  }

  /// Only this value.
  public KvmDoorbell matching(long value) {
    return new KvmDoorbell(port, address, length, true, value);
  }

  @Override
  public String toString() {
    return (port ? "port 0x%x" : "address 0x%x").formatted(address)
        + (length == 0 ? "" : ", %d bytes".formatted(length))
        + (matching ? ", value 0x%x".formatted(match) : "");
  }
}
