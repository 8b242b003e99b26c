package org.vbus.core.device;

import java.util.List;

/// What a device model is.
///
/// @param virtioId device id of chapter 5 of the virtio specification
/// @param type name on the bus, 1 to 127 ASCII characters, such as `virtio-net`
/// @param queues its virtqueues in order
/// @param features device-specific feature bits it offers; the bits of rings and transports are
///   offered by the device's surroundings
public record DeviceSpec(int virtioId, String type, List<QueueSpec> queues, long features) {
  private static final int LONGEST_TYPE = 127;

  /// Bits 0 to 23, 41, 42 and 50 on (2.2).
  private static final long DEVICE_FEATURES = 0x00ff_ffffL | 3L << 41 | -1L << 50;

  /// Copies the list, checks name and features.
  public DeviceSpec {
    queues = List.copyOf(queues);
    if ((features & ~DEVICE_FEATURES) != 0) {
      throw new IllegalArgumentException(
          "device type %s offers features 0x%x, which are not those of a device type"
              .formatted(type, features & ~DEVICE_FEATURES));
    }
    if (type.isEmpty()
        || type.length() > LONGEST_TYPE
        || !type.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "device type \"" + type + "\" is not 1 to 127 printable ASCII characters");
    }
  }
}
