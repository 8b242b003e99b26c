package org.vbus.connector.kvm;

import com.google.inject.Module;
import org.vbus.stack.spi.ConnectorPlugin;

/// `connector { kvm { guest = forward } }`.
public final class KvmPlugin implements ConnectorPlugin<KvmConfig> {
  /// For the service loader.
  public KvmPlugin() {}

  @Override
  public String name() {
    return "kvm";
  }

  @Override
  public Class<KvmConfig> configType() {
    return KvmConfig.class;
  }

  @Override
  public Module module(String bus, KvmConfig config) {
    return new KvmModule(bus, config);
  }
}
