package org.vbus.bench;

import java.util.Locale;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;

/// What a [Session] is made of.
///
/// @param idle what the poll loop does when it finds no work
record Setup(SignalPolicy policy, boolean eventIndex, int devices, Idle idle, Placement placement) {

  /// For messages.
  String name() {
    return "%s, event index %s, %d %s"
        .formatted(
            policyName(), eventIndex ? "on" : "off", devices, devices == 1 ? "device" : "devices");
  }

  /// As in reports.
  String policyName() {
    return policy.name().toLowerCase(Locale.ROOT);
  }
}
