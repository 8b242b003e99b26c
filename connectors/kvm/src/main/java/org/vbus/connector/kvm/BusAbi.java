package org.vbus.connector.kvm;

/// How a guest reaches the devices of its bus.
public enum BusAbi {
  /// Register windows: those of the bus, and one of virtio-mmio for each device.
  VIRTIO,
  /// The historical vbus ABI, version 2: see [org.vbus.connector.kvm.bridge].
  HISTORICAL
}
