package org.vbus.connector.vhostuser;

import com.google.inject.Module;
import java.util.List;
import org.vbus.core.connector.SignalPolicy;
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

  /// The interrupts of a guest in somebody else's virtual machine monitor are that one's to make: a
  /// call descriptor each, or none.
  @Override
  public List<SignalPolicy> policies() {
    return List.of(SignalPolicy.DIRECT, SignalPolicy.POLLED);
  }

  @Override
  public Module module(String bus, VhostUserConfig config) {
    return new VhostUserModule(bus, config);
  }
}
