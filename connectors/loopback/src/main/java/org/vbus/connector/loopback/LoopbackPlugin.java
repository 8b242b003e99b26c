package org.vbus.connector.loopback;

import com.google.inject.Module;
import org.vbus.stack.spi.ConnectorPlugin;

/// `connector { loopback { guest = forward } }`.
public final class LoopbackPlugin implements ConnectorPlugin<LoopbackConfig> {
  /// For the service loader.
  public LoopbackPlugin() {}

  @Override
  public String name() {
    return "loopback";
  }

  @Override
  public Class<LoopbackConfig> configType() {
    return LoopbackConfig.class;
  }

  @Override
  public Module module(String bus, LoopbackConfig config) {
    return new LoopbackModule(bus, config);
  }
}
