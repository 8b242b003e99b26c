package org.vbus.shm;

/// Which index of an IOQ an iterator works on (vbus ABI, section 5).
public enum IoqIndex {
  /// Descriptors that carry a buffer.
  VALID(IoqLayout.VALID_IDX_OFFSET),
  /// Descriptors that carry payload.
  INUSE(IoqLayout.INUSE_IDX_OFFSET),
  /// Works on *valid*; a push moves *inuse* as well.
  BOTH(IoqLayout.VALID_IDX_OFFSET);

  final long offset;

  IoqIndex(long offset) {
    this.offset = offset;
  }
}
