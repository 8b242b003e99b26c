package org.vbus.tests.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Guest;

/// North and south stepped by hand on one thread, in every order.
///
/// The guest looks at its queue only because an interrupt told it to (or because it polls by
/// policy), so a signal that is lost in any order shows as a request that never comes back.
class SteppedInterleavingTest {
  private static final int LENGTH = 8;

  @ParameterizedTest
  @CsvSource({
    "DIRECT, true",
    "DIRECT, false",
    "RING, true",
    "RING, false",
    "POLLED, true",
    "POLLED, false"
  })
  void everyRequestComesBackInEveryOrderOfSteps(SignalPolicy policy, boolean eventIdx) {
    try (SteppedHost host = new SteppedHost(policy)) {
      host.bus().plug("one", new ProbeDevice(1));
      host.bus().plug("two", new ProbeDevice(1));
      Guest guest = host.guest();
      long features =
          eventIdx
              ? VirtioDevice.RING_FEATURES
              : VirtioDevice.RING_FEATURES & ~Feature.EVENT_IDX.mask();
      guest
          .bus()
          .driver(
              ProbeDevice.DEVICE_ID,
              (g, transport) -> new RequestDriver(g, transport, 16, 64, 1, features));
      guest.bus().start();
      host.settle(guest);
      RequestDriver one = (RequestDriver) guest.bus().drivers().getFirst();
      RequestDriver two = (RequestDriver) guest.bus().drivers().getLast();
      int[] completed = new int[1];
      one.onCompletion((token, written) -> completed[0]++);
      two.onCompletion((token, written) -> completed[0]++);

      int submitted = 0;
      for (int order = 0; order < 1 << (2 * LENGTH); order++) {
        for (int step = 0; step < LENGTH; step++) {
          switch ((order >>> (2 * step)) & 3) {
            case 0 -> submitted += submit(one, submitted);
            case 1 -> submitted += submit(two, submitted);
            case 2 -> host.loop().doWork();
            default -> guest.poll();
          }
        }
        host.settle(guest);
        assertThat(completed[0]).as("order %x", order).isEqualTo(submitted);
        if (order % 256 == 0) {
          host.connector().clear();
        }
      }
    }
  }

  private static int submit(RequestDriver driver, int value) {
    int token = driver.take();
    if (token < 0) {
      return 0;
    }
    driver.memory().set(ValueLayout.JAVA_LONG, driver.request(token), value);
    driver.submit(token);
    driver.publish();
    return 1;
  }
}
