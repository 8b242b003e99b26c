package org.vbus.bench.station;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import org.vbus.stack.spi.DevicePlugin;
import org.vbus.stack.spi.Parts;

/// `model = station`.
public final class StationPlugin implements DevicePlugin<StationConfig> {
  /// For the service loader.
  public StationPlugin() {}

  @Override
  public String name() {
    return "station";
  }

  @Override
  public Class<StationConfig> configType() {
    return StationConfig.class;
  }

  @Override
  public Module module(String bus, String device, StationConfig config) {
    return new AbstractModule() {
      @Override
      protected void configure() {
        Parts.device(binder(), bus, device).toInstance(new StationDevice(config));
      }
    };
  }
}
