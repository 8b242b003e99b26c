package org.vbus.core.device;

/// Device-specific configuration bytes with their generation (2.5): little-endian fields that the
/// device sets and the driver reads. Any thread.
public final class ConfigSpace {
  private final byte[] bytes;
  private int generation;

  /// `size` zero bytes.
  public ConfigSpace(int size) {
    bytes = new byte[size];
  }

  /// Bytes.
  public int size() {
    return bytes.length;
  }

  /// Changes whenever a field changes, so that a driver can tell whether several reads belong
  /// together.
  public synchronized int generation() {
    return generation;
  }

  /// Sets the `size` bytes at `offset` to the little-endian `value`.
  public synchronized void set(int offset, int size, long value) {
    boolean changed = false;
    for (int i = 0; i < size; i++) {
      byte b = (byte) (value >>> (8 * i));
      changed |= bytes[offset + i] != b;
      bytes[offset + i] = b;
    }
    if (changed) {
      generation++;
    }
  }

  /// The `size` bytes at `offset` as a little-endian number; bytes beyond the space read as zero.
  public synchronized long get(int offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      long at = (long) offset + i;
      if (at >= 0 && at < bytes.length) {
        value |= (bytes[(int) at] & 0xffL) << (8 * i);
      }
    }
    return value;
  }
}
