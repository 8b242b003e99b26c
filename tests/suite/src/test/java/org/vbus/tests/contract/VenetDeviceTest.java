package org.vbus.tests.contract;

import org.vbus.core.device.DeviceModel;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.L2Switch;

/// Of its queues only transmit answers by itself; what it sends goes to a station that takes it.
class VenetDeviceTest extends DeviceContract {
  @Override
  protected DeviceModel device() {
    VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
    lan.l2().attach("station", frame -> Delivery.DELIVERED);
    return new VenetDevice("eth0", lan, 0x5254_0000_0001L, 1500, 0);
  }

  @Override
  protected int[] answeringQueues() {
    return new int[] {1};
  }
}
