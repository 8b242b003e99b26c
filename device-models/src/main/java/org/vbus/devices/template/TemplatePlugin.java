package org.vbus.devices.template;

import com.google.inject.Module;
import org.vbus.stack.spi.DevicePlugin;

/// `model = template`.
public final class TemplatePlugin implements DevicePlugin<TemplateConfig> {
  /// For the service loader.
  public TemplatePlugin() {}

  @Override
  public String name() {
    return "template";
  }

  @Override
  public Class<TemplateConfig> configType() {
    return TemplateConfig.class;
  }

  @Override
  public Module module(String bus, String device, TemplateConfig config) {
    return new TemplateModule(bus, device);
  }
}
