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

  /// Copies the list, checks the name.
  public DeviceSpec {
    queues = List.copyOf(queues);
    if (type.isEmpty()
        || type.length() > LONGEST_TYPE
        || !type.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "device type \"" + type + "\" is not 1 to 127 printable ASCII characters");
    }
  }
}
