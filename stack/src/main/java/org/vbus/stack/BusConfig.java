package org.vbus.stack;

import java.util.Map;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.feature.Feature;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.NamedBy;
import org.vbus.stack.config.PluginBlock;
import org.vbus.stack.config.Range;

/// One bus: the devices of one guest and how they reach it.
///
/// @param connector the connector
/// @param signals how signals become interrupts
/// @param eventIdx whether devices offer the event index
/// @param indirect whether devices offer indirect descriptors
/// @param slots places for devices, hot-plugged ones included
/// @param devices devices by name
public record BusConfig(
    @Doc("how the guest is reached") PluginBlock connector,
    @Default("ring") @Doc("how signals become interrupts") SignalPolicy signals,
    @Default("true") @Doc("offer the event index") boolean eventIdx,
    @Default("true") @Doc("offer indirect descriptors") boolean indirect,
    @Default("32") @Range(min = 1, max = 4096) @Doc("places for devices") int slots,
    @Default("{}") @NamedBy("model") @Doc("devices by name") Map<String, PluginBlock> devices) {
  /// Refuses more devices than there are places.
  public BusConfig {
    if (devices.size() > slots) {
      throw new IllegalArgumentException(
          "there are %d devices but slots = %d".formatted(devices.size(), slots));
    }
  }

  /// What a [BusModule] needs of it.
  BusModule module(String name) {
    return new BusModule(name, signals, slots, ringFeatures());
  }

  private long ringFeatures() {
    return (eventIdx ? Feature.EVENT_IDX.mask() : 0)
        | (indirect ? Feature.INDIRECT_DESC.mask() : 0);
  }
}
