package org.vbus.core.device;

import java.util.List;

/// What a device model is.
///
/// @param virtioId device id of chapter 5 of the virtio specification
/// @param type name on the bus, at most 127 bytes, such as `virtio-net`
/// @param queues its virtqueues in order
/// @param features device-specific feature bits it offers; the bits of rings and transports are
///   offered by the device's surroundings
public record DeviceSpec(int virtioId, String type, List<QueueSpec> queues, long features) {
  /// Copies the list.
  public DeviceSpec {
    queues = List.copyOf(queues);
  }
}
