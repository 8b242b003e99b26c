package org.vbus.connector.vhostuser;

import org.vbus.core.device.DeviceSignals;

/// Tells nobody.
final class NoSignals implements DeviceSignals {
  @Override
  public boolean queue(int queue) {
    return false;
  }

  @Override
  public void config() {}
}
