package org.vbus.tests.contract;

import org.vbus.core.device.DeviceModel;
import org.vbus.devices.template.TemplateDevice;

class TemplateDeviceTest extends DeviceContract {
  @Override
  protected DeviceModel device() {
    return new TemplateDevice();
  }

  @Override
  protected int[] answeringQueues() {
    return new int[] {0};
  }
}
