package org.vbus.bench;

import java.util.Locale;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.guest.RequestOptions;
import org.vbus.connector.kvm.guest.Suppression;
import org.vbus.core.connector.SignalPolicy;

/// A guest under KVM and how it makes its requests.
///
/// @param eventIndex whether event indexes were negotiated; else nothing is suppressed
/// @param depth requests per kick, and in flight, of each device
/// @param kicks whether kicks stop the guest for this process or only for the kernel
record KvmCase(
    SignalPolicy policy, boolean eventIndex, int devices, int depth, KickDelivery kicks) {
  static final int REQUEST_BYTES = 64;

  /// For messages.
  String name() {
    return "kvm, %s, event index %s, %d %s, batch %d"
        .formatted(
            policyName(),
            eventIndex ? "on" : "off",
            devices,
            devices == 1 ? "device" : "devices",
            batch());
  }

  /// Requests that are made at once, over all devices.
  int batch() {
    return devices * depth;
  }

  /// As in reports.
  String policyName() {
    return policy.name().toLowerCase(Locale.ROOT);
  }

  RequestOptions options() {
    return RequestOptions.of(policy, EchoService.DEVICE_ID, Long.MAX_VALUE)
        .withDevices(devices)
        .withSuppression(eventIndex ? Suppression.EVENT_INDEX : Suppression.NONE)
        .withDepth(depth, depth)
        .withBytes(REQUEST_BYTES);
  }
}
