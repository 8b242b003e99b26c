package org.vbus.proxy.guest;

import org.vbus.proxy.driver.VirtioTransport;

/// Makes drivers for devices of one kind.
public interface DriverFactory {
  /// Initialises the device behind `transport` and drives it.
  ///
  /// @throws DriverException when it cannot be driven
  Driver bind(Guest guest, VirtioTransport transport);
}
