package org.vbus.core.ring;

/// A lie a guest told in a virtqueue. The first one breaks that queue until it is reset; nothing
/// else stops.
///
/// Each constant names the clause of virtio 1.4 that makes it a lie: that of the split ring where
/// both formats have one.
public enum RingFault {
  /// The avail index moved further than the queue is long, or went back.
  AVAIL_INDEX_JUMP("2.7.6", "avail.idx ran more than the queue size ahead, or went back"),
  /// More descriptors are available than the device has given back.
  RING_OVERRUN("2.8.17", "more descriptors made available than the ring has free"),
  /// A descriptor changed between two looks, though the device had not used it.
  DESCRIPTOR_CHANGED("2.8.16", "descriptor changed while it was available"),
  /// A list goes on with a descriptor that is not marked available.
  LIST_INCOMPLETE("2.8.6", "descriptor list continues with one that is not available"),
  /// A buffer id that a driver could not look up again.
  ID_OUT_OF_RANGE("2.8.21.1", "buffer id beyond the queue size"),
  /// An avail element names no descriptor of the table.
  HEAD_OUT_OF_RANGE("2.7.6", "avail ring names a descriptor beyond the table"),
  /// A `next` field names no descriptor of its table.
  NEXT_OUT_OF_RANGE("2.7.5", "next names a descriptor beyond the table"),
  /// A chain has more descriptors than its table, so it loops.
  CHAIN_LOOP("2.7.5.2", "descriptor chain loops"),
  /// A chain is longer than the queue, by itself or with its indirect table.
  CHAIN_TOO_LONG("2.7.5.3.1", "descriptor chain is longer than the queue size"),
  /// Lengths of a chain add up to more than a device can count.
  LENGTH_OVERFLOW("2.7.5.2", "buffer lengths of one chain overflow"),
  /// A descriptor of no bytes.
  ZERO_LENGTH("2.7.5", "descriptor of length zero"),
  /// A buffer or an indirect table is not in guest memory.
  ADDRESS_OUTSIDE_MEMORY("2.7.5", "descriptor address outside guest memory"),
  /// A device-readable descriptor follows a device-writable one.
  READABLE_AFTER_WRITABLE("2.7.4.2", "device-readable descriptor after a device-writable one"),
  /// A descriptor of an indirect table is itself indirect.
  NESTED_INDIRECT("2.7.5.3.1", "indirect descriptor within an indirect table"),
  /// A descriptor is both indirect and part of a list.
  INDIRECT_WITH_NEXT("2.7.5.3.1", "descriptor with both INDIRECT and NEXT"),
  /// The length of an indirect table is not a multiple of 16.
  INDIRECT_BAD_LENGTH("2.7.5.3", "indirect table of a length that is no multiple of 16"),
  /// A ring part is misaligned or not in guest memory; found when the queue is enabled.
  BAD_RING_ADDRESS("2.7.1", "ring part misaligned or outside guest memory"),
  /// Whoever shares the guest's memory made its file shorter.
  MEMORY_LOST("2.7", "memory of the guest went away"),
  /// The device model threw: our bug, charged to the queue it happened on.
  DEVICE_ERROR("-", "device model failed");

  private final String clause;
  private final String text;

  RingFault(String clause, String text) {
    this.clause = clause;
    this.text = text;
  }

  /// Section of virtio 1.4 that the guest broke.
  public String clause() {
    return clause;
  }

  /// One line for a log or a status page.
  public String text() {
    return text;
  }
}
