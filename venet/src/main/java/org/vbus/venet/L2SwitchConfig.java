package org.vbus.venet;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.DurationRange;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.Range;

/// A switch of a configuration.
///
/// @param uplink the tap that connects it to the host, or null
/// @param taps further taps by port name
/// @param macTable its table of addresses
/// @param capture file that every frame of every port is captured to, or null
public record L2SwitchConfig(
    @Nullable @Doc("tap that connects the switch to the host") UplinkConfig uplink,
    @Default("{}") @Doc("further taps by port name") Map<String, TapConfig> taps,
    @Default("{}") @Doc("table of addresses") MacTableConfig macTable,
    @Nullable @Doc("pcapng file that every frame is captured to") Located<String> capture) {
  /// Name of the uplink's port.
  static final String UPLINK = "uplink";

  /// Refuses a second port called `uplink`.
  public L2SwitchConfig {
    if (uplink != null && taps.containsKey(UPLINK)) {
      throw new IllegalArgumentException(
          "both uplink and taps.uplink are a port called uplink; give the second another name");
    }
  }

  /// A switch without ports.
  public static L2SwitchConfig plain() {
    return new L2SwitchConfig(null, Map.of(), MacTableConfig.standard(), null);
  }

  /// The same with a tap as uplink.
  public L2SwitchConfig withUplink(String tap) {
    return new L2SwitchConfig(new UplinkConfig(TapConfig.named(tap)), taps, macTable, capture);
  }

  /// An uplink.
  ///
  /// @param tap its tap
  public record UplinkConfig(@Doc("the tap") TapConfig tap) {}

  /// Table of addresses.
  ///
  /// @param capacity most addresses
  /// @param ageing how long an address is kept without being seen
  public record MacTableConfig(
      @Default("8192") @Range(min = 8, max = 4_194_304) @Doc("most addresses") int capacity,
      @Default("300s")
          @DurationRange(min = "1s", max = "24h")
          @Doc("how long an address is kept without being seen")
          Duration ageing) {
    /// 8192 addresses, five minutes.
    public static MacTableConfig standard() {
      return new MacTableConfig(8192, Duration.ofMinutes(5));
    }
  }
}
