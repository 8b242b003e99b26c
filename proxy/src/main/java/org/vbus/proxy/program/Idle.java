package org.vbus.proxy.program;

import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;

/// A guest that brings its network cards up and drops what they receive.
public final class Idle implements GuestProgram {
  /// For the service loader.
  public Idle() {}

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public void prepare(Guest guest) {
    guest.bus().driver(NetDriver.DEVICE_ID, NetDriver::new);
  }
}
