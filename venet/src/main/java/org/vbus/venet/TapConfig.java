package org.vbus.venet;

import org.jspecify.annotations.Nullable;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.Range;
import org.vbus.stack.config.Shorthand;

/// A tap device of the host's kernel.
///
/// @param name interface name; it is made when it does not exist
/// @param netns name of a network namespace under /run/netns, or a path to one; null = that of this
///   process
/// @param mtu MTU to set, 0 = leave it
/// @param group ports of one group do not reach each other, 0 = none
/// @param offloads whether the kernel and the switch leave checksums and segmentation to each other
public record TapConfig(
    @Shorthand @Doc("interface name, made when it does not exist") Located<String> name,
    @Nullable @Doc("network namespace, by name or path") Located<String> netns,
    @Default("0") @Range(min = 0, max = 65535) @Doc("MTU to set, 0 = leave it") int mtu,
    @Default("0") @Range(min = 0, max = 65535) @Doc("ports of one group are kept apart, 0 = none")
        int group,
    @Default("true") @Doc("leave checksums and segmentation to each other") boolean offloads) {
  /// A tap in this process's network namespace.
  public static TapConfig named(String name) {
    return new TapConfig(Located.of(name, "tap"), null, 0, 0, true);
  }
}
