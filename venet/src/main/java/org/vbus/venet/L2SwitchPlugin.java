package org.vbus.venet;

import com.google.inject.Module;
import org.vbus.stack.spi.SwitchPlugin;

/// `model = l2`, the kind of switch that is meant when none is named.
public final class L2SwitchPlugin implements SwitchPlugin<L2SwitchConfig> {
  /// For the service loader.
  public L2SwitchPlugin() {}

  @Override
  public String name() {
    return "l2";
  }

  @Override
  public Class<L2SwitchConfig> configType() {
    return L2SwitchConfig.class;
  }

  @Override
  public Module module(String name, L2SwitchConfig config) {
    return new L2SwitchModule(name, config);
  }
}
