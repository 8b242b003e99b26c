package org.vbus.proxy.driver;

import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.proxy.guest.DriverException;

/// The initialisation sequence every driver follows (3.1.1).
///
/// ```
///   reset, ACKNOWLEDGE, DRIVER -> negotiate -> FEATURES_OK, re-read -> set up queues -> DRIVER_OK
/// ```
public final class VirtioInit {
  private static final int RESET_TRIES = 1000;

  private VirtioInit() {}

  /// Resets the device and agrees on features.
  ///
  /// @param understood features the driver understands, VERSION_1 among them
  /// @return the negotiated features
  /// @throws DriverException when VERSION_1 is not offered or the device refuses; the device is
  ///   then FAILED
  public static long negotiate(VirtioTransport device, long understood) {
    reset(device);
    device.status(DeviceStatus.ACKNOWLEDGE);
    device.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    long features = device.deviceFeatures() & understood;
    if (!Feature.VERSION_1.in(features)) {
      throw failed(device, "offers no VERSION_1");
    }
    device.driverFeatures(features);
    int withFeatures = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
    device.status(withFeatures);
    if ((device.status() & DeviceStatus.FEATURES_OK) == 0) {
      throw failed(device, "refused features 0x" + Long.toHexString(features));
    }
    return features;
  }

  /// Resets the device; when this returns it touches no memory of the guest any more (2.4.2).
  ///
  /// @throws DriverException when the reset does not end
  public static void reset(VirtioTransport device) {
    device.status(0);
    for (int tries = 0; device.status() != 0; tries++) {
      if (tries == RESET_TRIES) {
        throw new DriverException(device.name() + " does not finish its reset");
      }
      Thread.onSpinWait();
    }
  }

  /// Most entries of a queue the driver cannot do without.
  ///
  /// @throws DriverException when the device does not have it; it is then FAILED
  public static int needQueue(VirtioTransport device, int queue) {
    int max = device.maxQueueSize(queue);
    if (max == 0) {
      throw failed(device, "has no queue " + queue);
    }
    return max;
  }

  /// Resets one queue and makes its rings as new (2.6.1.1); it is to be enabled again.
  ///
  /// @throws IllegalStateException when RING_RESET was not negotiated
  /// @throws DriverException when the reset does not end
  static void resetQueue(VirtioTransport device, DriverQueue queue, long features) {
    if (!Feature.RING_RESET.in(features)) {
      throw new IllegalStateException(device.name() + " resets no single queue");
    }
    device.resetQueue(queue.index());
    queue.reset();
  }

  /// Says that the driver is ready; queues are enabled before this, kicks come only after it.
  public static void driverOk(VirtioTransport device) {
    device.status(
        DeviceStatus.ACKNOWLEDGE
            | DeviceStatus.DRIVER
            | DeviceStatus.FEATURES_OK
            | DeviceStatus.DRIVER_OK);
  }

  /// Gives the device up.
  public static DriverException failed(VirtioTransport device, String why) {
    device.status(device.status() | DeviceStatus.FAILED);
    return new DriverException(device.name() + " " + why);
  }
}
