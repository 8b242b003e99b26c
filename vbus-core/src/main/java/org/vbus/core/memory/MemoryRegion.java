package org.vbus.core.memory;

import java.lang.foreign.MemorySegment;

/// A stretch of guest-physical addresses that is accessible here as one segment.
///
/// Immutable; safe to share between threads. The segment's lifetime belongs to whoever mapped it.
public final class MemoryRegion {
  private final long base;
  private final long size;
  private final MemorySegment segment;

  /// Maps guest-physical addresses from `base` on to the bytes of `segment`.
  public MemoryRegion(long base, MemorySegment segment) {
    if (base < 0 || base + segment.byteSize() < 0) {
      throw new IllegalArgumentException(
          "region at 0x%x of %d bytes leaves the address space"
              .formatted(base, segment.byteSize()));
    }
    this.base = base;
    this.size = segment.byteSize();
    this.segment = segment;
  }

  /// First guest-physical address.
  public long base() {
    return base;
  }

  /// Bytes.
  public long size() {
    return size;
  }

  /// The bytes; offset 0 is address [#base()].
  public MemorySegment segment() {
    return segment;
  }

  /// Whether all of `[gpa, gpa + len)` lies here, for any `gpa` and any `len >= 0`: neither operand
  /// nor their sum can overflow into acceptance.
  public boolean contains(long gpa, long len) {
    long off = gpa - base;
    return off >= 0 && off <= size - len;
  }

  /// Where `gpa` is in [#segment()]; meaningful only when [#contains(long, long)] said yes.
  public long offset(long gpa) {
    return gpa - base;
  }

  /// Bytes from `gpa` to the end of the region, 0 when `gpa` is not in it.
  public long reach(long gpa) {
    long off = gpa - base;
    return off >= 0 && off < size ? size - off : 0;
  }
}
