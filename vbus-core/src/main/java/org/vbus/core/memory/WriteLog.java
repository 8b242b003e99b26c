package org.vbus.core.memory;

/// Hears what devices write into a guest's memory: the dirty log of a live migration. Any thread;
/// never blocks.
public interface WriteLog {
  /// The `len` bytes at `gpa` were written, and whoever copies guest memory has to copy them again.
  void written(long gpa, long len);
}
