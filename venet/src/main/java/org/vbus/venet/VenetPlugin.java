package org.vbus.venet;

import com.google.inject.Module;
import org.vbus.stack.spi.DevicePlugin;

/// `model = venet`.
public final class VenetPlugin implements DevicePlugin<VenetConfig> {
  /// For the service loader.
  public VenetPlugin() {}

  @Override
  public String name() {
    return "venet";
  }

  @Override
  public Class<VenetConfig> configType() {
    return VenetConfig.class;
  }

  @Override
  public Module module(String bus, String device, VenetConfig config) {
    return new VenetModule(bus, device, config);
  }
}
