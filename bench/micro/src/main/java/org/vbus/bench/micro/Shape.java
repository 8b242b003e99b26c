package org.vbus.bench.micro;

/// How many descriptors a chain has, as a parameter of benchmarks. All have [#BYTES] bytes.
public enum Shape {
  /// One descriptor.
  ONE(1, 0),
  /// A list of three in the ring.
  LIST_3(3, 0),
  /// A table of sixteen.
  INDIRECT_16(16, 16);

  /// Bytes of the buffers of a chain.
  static final int BYTES = 1536;

  final int buffers;
  final int indirectEntries;

  Shape(int buffers, int indirectEntries) {
    this.buffers = buffers;
    this.indirectEntries = indirectEntries;
  }
}
