package org.vbus.core.device;

import org.vbus.core.ring.SplitLayout;

/// One virtqueue of a device.
///
/// @param name for people: `rx`, `tx`, `requests`
/// @param maxSize most entries the driver may choose, a power of two
/// @param kicks whether the device wants kicks when it is not polling; a queue of receive buffers
///   does not
public record QueueSpec(String name, int maxSize, boolean kicks) {
  /// Checks the size.
  public QueueSpec {
    if (!SplitLayout.isLegalSize(maxSize)) {
      throw new IllegalArgumentException(
          "queue " + name + ": size " + maxSize + " is no power of two from 1 to 32768");
    }
  }
}
