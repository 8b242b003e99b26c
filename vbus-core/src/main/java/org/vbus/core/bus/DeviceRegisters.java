package org.vbus.core.bus;

/// Register window of a device on the bus: the layout of virtio-mmio (4.2.2), so that a connector
/// over trapped memory accesses needs no translation, extended where virtio-mmio reserves nothing
/// for what a bus has: per-queue signals and attributes. All registers are 32 bits wide and
/// little-endian.
public final class DeviceRegisters {
  /// R: [#MAGIC].
  public static final int MAGIC_VALUE = 0x000;

  /// Value of [#MAGIC_VALUE]: "virt".
  public static final int MAGIC = 0x74726976;

  /// R: [#VERSION_2].
  public static final int VERSION = 0x004;

  /// Value of [#VERSION]: not legacy.
  public static final int VERSION_2 = 2;

  /// R: virtio device id; 0 = nothing in this slot.
  public static final int DEVICE_ID = 0x008;

  /// R: [#VENDOR].
  public static final int VENDOR_ID = 0x00c;

  /// Value of [#VENDOR_ID]: "vbus".
  public static final int VENDOR = 0x73756276;

  /// R: 32 offered feature bits, selected by [#DEVICE_FEATURES_SEL].
  public static final int DEVICE_FEATURES = 0x010;

  /// W: which 32 feature bits.
  public static final int DEVICE_FEATURES_SEL = 0x014;

  /// W: 32 accepted feature bits, selected by [#DRIVER_FEATURES_SEL].
  public static final int DRIVER_FEATURES = 0x020;

  /// W: which 32 feature bits.
  public static final int DRIVER_FEATURES_SEL = 0x024;

  /// W: which queue the queue registers mean.
  public static final int QUEUE_SEL = 0x030;

  /// R: most entries, 0 = no such queue.
  public static final int QUEUE_SIZE_MAX = 0x034;

  /// W: entries the driver chose.
  public static final int QUEUE_SIZE = 0x038;

  /// RW: 1 = enabled.
  public static final int QUEUE_READY = 0x044;

  /// W: index of the queue that has new buffers.
  public static final int QUEUE_NOTIFY = 0x050;

  /// R: [#INT_USED], [#INT_CONFIG].
  public static final int INTERRUPT_STATUS = 0x060;

  /// W: bits of [#INTERRUPT_STATUS] that were handled.
  public static final int INTERRUPT_ACK = 0x064;

  /// A queue has used buffers.
  public static final int INT_USED = 1;

  /// The configuration changed.
  public static final int INT_CONFIG = 2;

  /// RW: device status; writing 0 resets.
  public static final int STATUS = 0x070;

  /// W: descriptor table, or descriptor ring of a packed queue, low half; high half follows.
  public static final int QUEUE_DESC_LOW = 0x080;

  /// W: avail ring, or driver event suppression, low half; high half follows.
  public static final int QUEUE_DRIVER_LOW = 0x090;

  /// W: used ring, or device event suppression, low half; high half follows.
  public static final int QUEUE_DEVICE_LOW = 0x0a0;

  /// R: low half of the length of a shared memory region, all ones: there is none; high half
  /// follows.
  public static final int SHM_LEN_LOW = 0x0b0;

  /// R: low half of the address of a shared memory region, all ones: there is none; high half
  /// follows.
  public static final int SHM_BASE_LOW = 0x0b8;

  /// RW: 1 resets the selected queue, which is over before it can be read back; RING_RESET only.
  public static final int QUEUE_RESET = 0x0c0;

  /// vbus, W: how signals of the selected queue reach the guest: the interrupt vector under direct
  /// signals, the signal handle under ring signals.
  public static final int QUEUE_SIGNAL = 0x0d0;

  /// vbus, W: priority level of the selected queue's signals, 0 is the highest.
  public static final int QUEUE_LEVEL = 0x0d4;

  /// vbus, W: like [#QUEUE_SIGNAL] for configuration changes.
  public static final int CONFIG_SIGNAL = 0x0d8;

  /// vbus, W: like [#QUEUE_LEVEL] for configuration changes.
  public static final int CONFIG_LEVEL = 0x0dc;

  /// vbus, R: bytes of the attribute text at [#ATTRIBUTES], rendered anew by each read of this
  /// register.
  public static final int ATTRIBUTES_LENGTH = 0x0e0;

  /// R: changes with the configuration.
  public static final int CONFIG_GENERATION = 0x0fc;

  /// Device-specific configuration space; accesses of 1, 2, 4 and 8 bytes.
  public static final int CONFIG = 0x100;

  /// vbus: attribute text, lines of `name=value` in UTF-8; byte accesses.
  public static final int ATTRIBUTES = 0x1000;

  /// Signal register value: no signal wanted.
  public static final int NO_SIGNAL = 0xffffffff;

  private DeviceRegisters() {}
}
