package org.vbus.venet;

import org.jspecify.annotations.Nullable;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Key;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.Matches;
import org.vbus.stack.config.Range;

/// A network device of a configuration.
///
/// @param switchName the switch it is a port of
/// @param mac its address; null = made from the names of bus and device
/// @param mtu largest payload of a frame
/// @param group ports of one group do not reach each other, 0 = none
/// @param offloads whether to offer checksum and segmentation offloads
/// @param queues pairs of queues; one, unless loops and the guest's processors outnumber devices
public record VenetConfig(
    @Key("switch") @Doc("switch it is a port of") Located<String> switchName,
    @Nullable
        @Matches(
            value = "([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}",
            text = "a MAC address such as 52:54:00:00:00:01")
        @Doc("address; without it one is made from the names")
        Located<String> mac,
    @Default("1500") @Range(min = 68, max = 65517) @Doc("largest payload of a frame") int mtu,
    @Default("0") @Range(min = 0, max = 65535) @Doc("ports of one group are kept apart, 0 = none")
        int group,
    @Default("true") @Doc("offer checksum and segmentation offloads") boolean offloads,
    @Default("1") @Range(min = 1, max = 128) @Doc("pairs of queues") int queues) {
  /// A device on a switch, with an address made from its names.
  public static VenetConfig on(String switchName) {
    return new VenetConfig(Located.of(switchName, "switch"), null, 1500, 0, true, 1);
  }

  /// What the device is to be made with.
  VenetOptions options() {
    return new VenetOptions(mtu, group, offloads, queues);
  }

  /// The same with this address.
  public VenetConfig withMac(String address) {
    return new VenetConfig(switchName, Located.of(address, "mac"), mtu, group, offloads, queues);
  }
}
