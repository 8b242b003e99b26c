package org.vbus.core.device;

/// Bits of the device status field (2.1).
public final class DeviceStatus {
  /// The guest noticed the device.
  public static final int ACKNOWLEDGE = 1;

  /// The guest knows how to drive it.
  public static final int DRIVER = 2;

  /// The driver is set up and the device may work.
  public static final int DRIVER_OK = 4;

  /// Features are agreed upon.
  public static final int FEATURES_OK = 8;

  /// The device can only be recovered by a reset.
  public static final int NEEDS_RESET = 64;

  /// The driver gave up.
  public static final int FAILED = 128;

  /// The bits a driver may set.
  static final int OF_DRIVER = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

  /// The bits of a driver that has come through initialisation.
  static final int READY = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;

  private DeviceStatus() {}
}
