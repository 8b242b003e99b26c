package org.vbus.connector.vhostuser;

import com.google.inject.Module;
import org.vbus.stack.spi.ConnectorPlugin;

/// `connector { vhost-user { directory = /run/vbus/vm1 } }`.
public final class VhostUserPlugin implements ConnectorPlugin<VhostUserConfig> {
  /// For the service loader.
  public VhostUserPlugin() {}

  @Override
  public String name() {
    return "vhost-user";
  }

  @Override
  public Class<VhostUserConfig> configType() {
    return VhostUserConfig.class;
  }

  @Override
  public Module module(String bus, VhostUserConfig config) {
    return new VhostUserModule(bus, config);
  }
}
