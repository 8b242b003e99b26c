package org.vbus.connector.kvm.bridge;

import org.vbus.core.ring.SplitLayout;

/// Numbers, sizes and offsets of the historical bridge (vbus ABI version 2, sections 1 to 3), and
/// of what its device calls and regions mean for a virtio device (see the package). Little-endian,
/// natural alignment of x86-64.
public final class BridgeAbi {
  // Registers

  /// Bytes of BAR 0 that are the call descriptor.
  public static final int CALL_DESC_SIZE = 16;

  /// Call descriptor: which call.
  public static final int CALL_VECTOR = 0;

  /// Call descriptor: bytes of the argument.
  public static final int CALL_LEN = 4;

  /// Call descriptor: guest-physical address of the argument.
  public static final int CALL_DATAP = 8;

  /// BAR 1: descriptors of the event queue came back; the value is 0.
  public static final int SIGNAL_EVENTQ = 0;

  /// BAR 1: run the fast call of this slot.
  public static final int SIGNAL_FASTCALL = 4;

  /// BAR 1: the region with this handle has work for the host.
  public static final int SIGNAL_SHM = 8;

  // Bridge calls

  /// Bridge call: reset, new session.
  public static final int NEGOTIATE = 0;

  /// Bridge call: register the event queue.
  public static final int QREG = 1;

  /// Bridge call: run a hypercall.
  public static final int SLOWCALL = 2;

  /// Bridge call: register the block of a fast call.
  public static final int FASTCALL_ADD = 3;

  /// Bridge call: forget it.
  public static final int FASTCALL_DROP = 4;

  /// First word of NEGOTIATE.
  public static final int MAGIC = 0xbf53eef5;

  /// Version of the set of hypercalls.
  public static final int HYPERCALLS_VERSION = 1;

  /// Bytes of the argument of NEGOTIATE.
  public static final int NEGOTIATE_SIZE = 16;

  static final int NEGOTIATE_MAGIC = 0;
  static final int NEGOTIATE_VERSION = 4;
  static final int NEGOTIATE_CAPABILITIES = 8;

  /// Bytes of the argument of QREG, with its one queue.
  public static final int QREG_SIZE = 32;

  static final int QREG_QUEUES = 0;
  static final int QREG_COUNT = 8;
  static final int QREG_RING = 16;
  static final int QREG_DATA = 24;

  /// Bytes of the block of a fast call.
  public static final int FASTCALL_SIZE = 24;

  static final int FASTCALL_RESULT = 16;

  /// Fast calls have slots 0 to this, exclusive.
  public static final int FASTCALL_SLOTS = 256;

  // Hypercalls

  /// Hypercall: open a device.
  public static final int DEVOPEN = 0;

  /// Hypercall: close it.
  public static final int DEVCLOSE = 1;

  /// Hypercall: a function of a device.
  public static final int DEVCALL = 2;

  /// Hypercall: register a region of a device.
  public static final int DEVSHM = 3;

  /// Bytes of the argument of DEVOPEN.
  public static final int DEVOPEN_SIZE = 16;

  static final int DEVOPEN_ID = 0;
  static final int DEVOPEN_VERSION = 4;
  static final int DEVOPEN_HANDLE = 8;

  /// Bytes of the argument of DEVCLOSE: a handle.
  public static final int DEVCLOSE_SIZE = 8;

  /// Bytes of the argument of DEVCALL.
  public static final int DEVCALL_SIZE = 32;

  static final int DEVCALL_HANDLE = 0;
  static final int DEVCALL_FUNC = 8;
  static final int DEVCALL_LEN = 12;
  static final int DEVCALL_FLAGS = 16;
  static final int DEVCALL_DATAP = 24;

  /// Bytes of the argument of DEVSHM.
  public static final int DEVSHM_SIZE = 48;

  static final int DEVSHM_HANDLE = 0;
  static final int DEVSHM_ID = 8;
  static final int DEVSHM_LEN = 12;
  static final int DEVSHM_FLAGS = 16;
  static final int DEVSHM_SIGNAL_OFFSET = 24;
  static final int DEVSHM_SIGNAL_COOKIE = 32;
  static final int DEVSHM_DATAP = 40;

  /// Signal offset of a region without a signal.
  public static final int NO_SIGNAL = -1;

  // Virtio over the bridge

  /// Version a driver names in DEVOPEN.
  public static final int DEVICE_VERSION = 1;

  /// Function: what the device is.
  public static final int IDENTIFY = 0;

  /// Function: features offered.
  public static final int FEATURES = 1;

  /// Function: features accepted.
  public static final int ACCEPT = 2;

  /// Function: the status field.
  public static final int STATUS = 3;

  /// Function: write the status field.
  public static final int SET_STATUS = 4;

  /// Function: read a configuration field.
  public static final int CONFIG_READ = 5;

  /// Function: write a configuration field.
  public static final int CONFIG_WRITE = 6;

  /// Function: most entries of a queue.
  public static final int QUEUE_MAX = 7;

  /// Function: generation of the configuration.
  public static final int CONFIG_GENERATION = 8;

  /// Bytes of the answer to IDENTIFY.
  public static final int IDENTIFY_SIZE = 16;

  static final int IDENTIFY_ID = 0;
  static final int IDENTIFY_QUEUES = 4;
  static final int IDENTIFY_CONFIG = 8;

  /// Bytes of a configuration field with where it is.
  public static final int FIELD_SIZE = 16;

  static final int FIELD_OFFSET = 0;
  static final int FIELD_BYTES = 4;
  static final int FIELD_VALUE = 8;

  /// Region whose signal means a configuration change.
  public static final int CONFIG_REGION = 0xffff;

  /// Alignment of a queue's region and of the parts in it, so that what different sides write is in
  /// different cache lines.
  public static final int QUEUE_ALIGN = 64;

  // Errors, negated in results

  /// No such device, handle, queue or slot.
  public static final int ENOENT = 2;

  /// An address outside of guest memory.
  public static final int EFAULT = 14;

  /// The device belongs to another guest.
  public static final int EBUSY = 16;

  /// What is to be made is there already.
  public static final int EEXIST = 17;

  /// The bridge was closed.
  public static final int ENODEV = 19;

  /// Malformed, or not now.
  public static final int EINVAL = 22;

  /// All handles of regions are in use.
  public static final int ENOSPC = 28;

  private BridgeAbi() {}

  /// Region id of a queue with that many entries.
  public static int queueRegion(int queue, int size) {
    return size << 16 | queue;
  }

  /// Offset of the avail ring in the region of a queue, whose descriptor table is at 0.
  public static int availOffset(int size) {
    return aligned(SplitLayout.descBytes(size));
  }

  /// Offset of the used ring in the region of a queue.
  public static int usedOffset(int size) {
    return availOffset(size) + aligned(SplitLayout.availBytes(size));
  }

  /// Bytes of the region of a queue up to the end of its rings; the first place for a signal.
  public static int queueBytes(int size) {
    return usedOffset(size) + aligned(SplitLayout.usedBytes(size));
  }

  private static int aligned(int bytes) {
    return (bytes + QUEUE_ALIGN - 1) & -QUEUE_ALIGN;
  }
}
