package org.vbus.stack;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.feature.Feature;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.NamedBy;
import org.vbus.stack.config.PluginBlock;
import org.vbus.stack.config.Range;

/// One bus: the devices of one guest and how they reach it.
///
/// @param connector the connector
/// @param signals how signals become interrupts; null = the connector's default
/// @param eventIdx whether devices offer the event index
/// @param indirect whether devices offer indirect descriptors
/// @param packed whether devices offer packed rings
/// @param inOrder whether devices offer to use buffers in order
/// @param coalesce how notifications of queues are moderated until a driver says otherwise
/// @param slots places for devices, hot-plugged ones included
/// @param devices devices by name
public record BusConfig(
    @Doc("how the guest is reached") PluginBlock connector,
    @Nullable @Doc("how signals become interrupts; what the connector does best without it")
        Located<SignalPolicy> signals,
    @Default("true") @Doc("offer the event index") boolean eventIdx,
    @Default("true") @Doc("offer indirect descriptors") boolean indirect,
    @Default("true") @Doc("offer packed rings") boolean packed,
    @Default("true") @Doc("offer to use buffers in order") boolean inOrder,
    @Default("{}") @Doc("notifications put off until there are some, or for some time")
        CoalesceConfig coalesce,
    @Default("32") @Range(min = 1, max = 4096) @Doc("places for devices") int slots,
    @Default("{}") @NamedBy("model") @Doc("devices by name") Map<String, PluginBlock> devices) {
  /// Refuses more devices than there are places.
  public BusConfig {
    if (devices.size() > slots) {
      throw new IllegalArgumentException(
          "there are %d devices but slots = %d".formatted(devices.size(), slots));
    }
  }

  /// The bus, with one of the policies its connector has.
  ///
  /// @throws org.vbus.stack.config.BadConfigException when it has not the one that is asked for
  BusModule module(String name, List<SignalPolicy> policies) {
    Located<SignalPolicy> asked = signals;
    if (asked != null && !policies.contains(asked.value())) {
      throw asked.error(
          "%s has no signals = %s; it has %s"
              .formatted(connector.name(), word(asked.value()), words(policies)));
    }
    return new BusModule(
        name, asked == null ? policies.getFirst() : asked.value(), slots, ringFeatures(), coalesce);
  }

  private static String words(List<SignalPolicy> policies) {
    return policies.stream().map(BusConfig::word).collect(Collectors.joining(", "));
  }

  private static String word(SignalPolicy policy) {
    return policy.name().toLowerCase(Locale.ROOT);
  }

  private long ringFeatures() {
    return (eventIdx ? Feature.EVENT_IDX.mask() : 0)
        | (indirect ? Feature.INDIRECT_DESC.mask() : 0)
        | (packed ? Feature.RING_PACKED.mask() : 0)
        | (inOrder ? Feature.IN_ORDER.mask() : 0)
        | Feature.RING_RESET.mask();
  }
}
