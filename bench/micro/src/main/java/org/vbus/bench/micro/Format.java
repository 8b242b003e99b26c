package org.vbus.bench.micro;

import org.vbus.core.feature.Feature;

/// Format of a virtqueue, as a parameter of benchmarks.
public enum Format {
  /// Descriptor table, avail ring and used ring (2.7).
  SPLIT,
  /// One ring of descriptors (2.8).
  PACKED;

  /// What drivers of today negotiate for a queue of this format.
  long features() {
    long features = Feature.setOf(Feature.VERSION_1, Feature.INDIRECT_DESC, Feature.EVENT_IDX);
    return this == PACKED ? features | Feature.RING_PACKED.mask() : features;
  }
}
