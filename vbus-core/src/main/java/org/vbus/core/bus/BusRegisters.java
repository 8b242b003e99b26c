package org.vbus.core.bus;

/// Register window 0 of a guest: the bus itself. All registers are 32 bits wide and little-endian.
///
/// ```
///   discovery   SLOT_COUNT, then DEVICE_ID of each device window
///   events      EVENTS_LOW/HIGH, LEVELS, RING_COUNT, HANDLES, (LEVEL_SEL, LEVEL_VECTOR) per level, EVENTS_READY = 1
/// ```
///
/// The block of memory at EVENTS holds a signal table and one event ring per priority level, laid
/// out as [org.vbus.shm.EventGeometry] says.
public final class BusRegisters {
  /// R: [#MAGIC_VALUE].
  public static final int MAGIC = 0x00;

  /// Value of [#MAGIC]: "vbus".
  public static final int MAGIC_VALUE = 0x73756276;

  /// R: [#VERSION_1].
  public static final int VERSION = 0x04;

  /// Value of [#VERSION].
  public static final int VERSION_1 = 1;

  /// R: code of the [org.vbus.core.connector.SignalPolicy] of this guest.
  public static final int POLICY = 0x08;

  /// R: slots of the bus.
  public static final int SLOT_COUNT = 0x0c;

  /// W: guest-physical address of the events block, low half; high half follows.
  public static final int EVENTS_LOW = 0x10;

  /// W: priority levels of the block, 1 to [org.vbus.shm.EventGeometry#MAX_LEVELS].
  public static final int LEVELS = 0x18;

  /// W: descriptors of each event ring.
  public static final int RING_COUNT = 0x1c;

  /// W: entries of the signal table.
  public static final int HANDLES = 0x20;

  /// W: which level [#LEVEL_VECTOR] means.
  public static final int LEVEL_SEL = 0x24;

  /// W: interrupt vector of the selected level.
  public static final int LEVEL_VECTOR = 0x28;

  /// RW: writing 1 registers the block and announces the devices; reads 0 when it was refused.
  /// Writing 0 gives the block back: the host touches it no more when the write has returned, if
  /// the guest has reset its devices before.
  public static final int EVENTS_READY = 0x2c;

  /// W: the guest returned descriptors of the written level, for which the host waited.
  public static final int EVENTS_KICK = 0x30;

  private BusRegisters() {}
}
