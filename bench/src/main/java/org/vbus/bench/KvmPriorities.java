package org.vbus.bench;

import java.util.Arrays;
import org.HdrHistogram.Histogram;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.RequestOptions;
import org.vbus.connector.kvm.guest.RequestProgram;
import org.vbus.connector.kvm.guest.Suppression;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.linux.Kvm;

/// What the levels of the event ring are good for: how long one device's request takes to come
/// round while others flood the guest with signals.
///
/// @param alone nothing else is there
/// @param ahead the others signal on a lower level
/// @param among the others signal on the same level
record KvmPriorities(Histogram alone, Histogram ahead, Histogram among) {
  private static final int FLOOD = 15;

  static KvmPriorities measure(Kvm kvm, Placement placement, long warmUp, long window) {
    Integer[] levels = new Integer[1 + FLOOD];
    Arrays.fill(levels, 1);
    levels[0] = 0;
    return new KvmPriorities(
        urgent(kvm, placement, 1, warmUp, window, 0),
        urgent(kvm, placement, 1 + FLOOD, warmUp, window, levels),
        urgent(kvm, placement, 1 + FLOOD, warmUp, window, 0));
  }

  private static Histogram urgent(
      Kvm kvm, Placement placement, int devices, long warmUp, long window, Integer... levels) {
    RequestOptions options =
        RequestOptions.of(SignalPolicy.RING, EchoService.DEVICE_ID, Long.MAX_VALUE)
            .withDevices(devices)
            .withSuppression(Suppression.NONE)
            .withBytes(KvmCase.REQUEST_BYTES)
            .withLevels(levels);
    try (KvmStack stack =
        new KvmStack(
            kvm,
            new RequestProgram(options),
            SignalPolicy.RING,
            devices,
            1,
            KickDelivery.EVENTFD,
            placement)) {
      stack.await(GuestState.READY);
      stack.allow(Long.MAX_VALUE);
      Nap.until(System.nanoTime() + warmUp);
      stack.restart();
      Nap.until(System.nanoTime() + window);
      return stack.turns(0);
    }
  }

  /// For people.
  String note() {
    return "kvm: a request of one device comes round in %s; beside %d devices that flood the guest"
            .formatted(text(alone), FLOOD)
        + " with signals of a lower level in %s, of the same level in %s."
            .formatted(text(ahead), text(among));
  }

  private static String text(Histogram nanos) {
    return "%.0f us (p50), %.0f us (p99)"
        .formatted(nanos.getValueAtPercentile(50) / 1e3, nanos.getValueAtPercentile(99) / 1e3);
  }
}
