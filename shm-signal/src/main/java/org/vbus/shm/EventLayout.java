package org.vbus.shm;

/// Layout of `vbus_pci_event`, the entry of an event ring (vbus ABI, section 6). 144 bytes,
/// little-endian; event `i` belongs to descriptor `i` of the ring.
///
/// ```
///  0         4     8                16                               144
/// +---------+-----+----------------+---------------------------------+
/// | eventid | pad | id or handle   | type, NUL-terminated            |
/// +---------+-----+----------------+---------------------------------+
///                                    DEVADD only
/// ```
public final class EventLayout {
  /// Bytes of one event.
  public static final long SIZE = 144;

  /// A device appeared: id and type.
  public static final int DEVADD = 0;

  /// A device went away: handle.
  public static final int DEVDROP = 1;

  /// A source signalled: handle.
  public static final int SHMSIGNAL = 2;

  /// South gave up its reference to a region: handle.
  public static final int SHMCLOSE = 3;

  /// Bytes of the type field; the longest type has one less.
  public static final int TYPE_SIZE = 128;

  static final long ID_OFFSET = 0;
  static final long VALUE_OFFSET = 8;
  static final long TYPE_OFFSET = 16;

  private EventLayout() {}

  /// Bytes of a ring of `count` descriptors followed directly by its events.
  public static long footprint(int count) {
    return IoqLayout.footprint(count) + SIZE * count;
  }

  /// Offset of the first event from the start of its ring, when it follows directly.
  public static long dataOffset(int count) {
    return IoqLayout.footprint(count);
  }
}
