package org.vbus.tests.conformance.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_DESC_LOW;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_DEVICE_LOW;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_DRIVER_LOW;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_READY;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_RESET;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_SEL;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_SIGNAL;
import static org.vbus.core.bus.DeviceRegisters.QUEUE_SIZE;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.RecordingConnector.Access;
import org.vbus.fixture.stack.RecordingConnector.Kind;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.DriverException;
import org.vbus.proxy.guest.Guest;
import org.vbus.tests.conformance.Clause;

/// Reset of single queues (2.6.1) and the QueueReset register (4.2.2).
class S2_6_1_VirtqueueResetTest {
  private final SteppedHost host = new SteppedHost(SignalPolicy.RING);
  private final ProbeDevice probe = new ProbeDevice(2);

  @BeforeEach
  void plug() {
    host.bus().plug("probe", probe);
  }

  @AfterEach
  void close() {
    host.close();
  }

  private static void reset(RawDevice device, int queue) {
    device.write(QUEUE_SEL, queue);
    device.write(QUEUE_RESET, 1);
  }

  private static int resetRegister(RawDevice device, int queue) {
    device.write(QUEUE_SEL, queue);
    return device.read(QUEUE_RESET);
  }

  private void echo(RawDevice device, DriverQueue queue, int token) {
    device.request(queue, token, 16);
    host.runHost();
    assertThat(queue.nextUsed()).isEqualTo(token);
    assertThat(queue.usedLength()).isEqualTo(16);
  }

  @ParameterizedTest
  @EnumSource
  @Clause({"2.6.1.1.1-D1", "4.2.2.1-D10", "4.2.2.1-D12"})
  void aResetQueueExecutesNothingWhileTheOthersGoOn(RingFormat format) {
    RawDevice device = host.device(0);
    DriverQueue[] rings = device.live(2, 16, format.features());
    echo(device, rings[0], 1);
    echo(device, rings[1], 2);
    device.request(rings[0], 3, 16);
    device.request(rings[1], 4, 16);
    reset(device, 0);
    assertThat(resetRegister(device, 0)).isZero();
    assertThat(device.ready(0)).isFalse();
    assertThat(device.ready(1)).isTrue();
    long signals = host.bus().devices().getFirst().device().tally(0).get(Event.SIGNALS);

    host.runHost();
    assertThat(rings[0].hasUsed()).isFalse();
    assertThat(rings[1].nextUsed()).as("where it was").isEqualTo(4);
    device.request(rings[0], 5, 16);
    echo(device, rings[1], 6);
    assertThat(rings[0].hasUsed()).isFalse();
    assertThat(host.bus().devices().getFirst().device().tally(0).get(Event.SIGNALS))
        .isEqualTo(signals);
  }

  @ParameterizedTest
  @EnumSource
  @Clause({"2.6.1.1.1-D2", "2.6.1.2.1-D1", "4.2.2.1-D9"})
  void aQueueIsEnabledAgainFromTheStartWithAnotherSizeAndPlace(RingFormat format) {
    RawDevice device = host.device(0);
    DriverQueue[] rings = device.live(2, 16, format.features());
    for (int i = 0; i < 5; i++) {
      echo(device, rings[0], i);
    }
    for (int size : new int[] {4, 64, 16}) {
      reset(device, 0);
      DriverQueue again = device.rings(0, size, format.features());
      device.place(0, again.addresses());
      device.ready(0, true);
      assertThat(device.ready(0)).isTrue();
      assertThat(resetRegister(device, 0)).isZero();
      for (int i = 0; i < 2 * size; i++) {
        echo(device, again, i);
        echo(device, rings[1], i);
      }
      assertThat(device.status()).isEqualTo(RawDevice.LIVE);
    }
  }

  @Test
  @Clause("2.6.1.1.1-D2")
  void aResetQueueHasNeitherPlaceNorSizeLeft() {
    RawDevice device = host.device(0);
    DriverQueue[] rings = device.live(2, 16, RingFormat.PACKED.features());
    reset(device, 0);
    var at = host.bus().devices().getFirst().device().placeOfQueue(0);
    assertThat(at.size()).isEqualTo(64);
    assertThat(at.desc() | at.avail() | at.used()).isZero();
    // Enabled without a place it is refused, the other one lives.
    device.ready(0, true);
    echo(device, rings[1], 1);
  }

  @Test
  void bothQueuesMayBeResetAndComeBack() {
    RawDevice device = host.device(0);
    RingFormat format = RingFormat.PACKED_IN_ORDER;
    device.live(2, 16, format.features());
    reset(device, 0);
    reset(device, 1);
    host.runHost();
    assertThat(host.bus().devices().getFirst().device().running()).isFalse();
    for (int i = 1; i >= 0; i--) {
      DriverQueue again = device.rings(i, 8, format.features());
      device.place(i, again.addresses());
      device.ready(i, true);
      echo(device, again, 5);
    }
    assertThat(probe.starts()).isEqualTo(probe.stops() + 1);
  }

  @Test
  @Clause("4.2.2.1-D8")
  void queueResetReadsZeroAfterADeviceReset() {
    RawDevice device = host.device(0);
    device.live(2, 16, RingFormat.SPLIT.features());
    reset(device, 0);
    device.status(0);
    assertThat(resetRegister(device, 0)).isZero();
    assertThat(resetRegister(device, 1)).isZero();
    DriverQueue[] rings = device.live(2, 16, RingFormat.SPLIT.features());
    echo(device, rings[0], 1);
  }

  @Test
  void aResetHealsABrokenQueue() {
    RawDevice device = host.device(0);
    DriverQueue[] rings = device.live(2, 16, RingFormat.SPLIT.features());
    rings[0].begin();
    rings[0].in(0xdead_0000_0000L, 8);
    rings[0].commit(1);
    boolean _ = rings[0].publish();
    host.runHost();
    assertThat(host.bus().devices().getFirst().device().fault(0)).isNotNull();
    reset(device, 0);
    assertThat(host.bus().devices().getFirst().device().fault(0)).isNull();
    DriverQueue again = device.rings(0, 16, RingFormat.SPLIT.features());
    device.place(0, again.addresses());
    device.ready(0, true);
    echo(device, again, 2);
    echo(device, rings[1], 2);
  }

  @Test
  void withoutTheFeatureTheRegisterDoesNothingAndNoQueueIsEnabledLate() {
    RawDevice device = host.device(0);
    long features = RingFormat.SPLIT.features() & ~Feature.RING_RESET.mask();
    DriverQueue[] rings = device.live(1, 16, features);
    reset(device, 0);
    assertThat(device.ready(0)).isTrue();
    echo(device, rings[0], 1);
    DriverQueue late = device.rings(1, 16, features);
    device.place(1, late.addresses());
    device.ready(1, true);
    assertThat(device.ready(1)).isFalse();
    assertThat(device.status() & DeviceStatus.NEEDS_RESET).isZero();
  }

  @Test
  void nonsenseInTheRegisterDoesNothing() {
    RawDevice device = host.device(0);
    DriverQueue[] rings = device.live(2, 16, RingFormat.PACKED.features());
    device.write(QUEUE_SEL, 0);
    for (int value : new int[] {0, 2, -1, 0x100}) {
      device.write(QUEUE_RESET, value);
    }
    for (int queue : new int[] {2, -1, Integer.MAX_VALUE}) {
      reset(device, queue);
    }
    echo(device, rings[0], 1);
    echo(device, rings[1], 1);
  }

  private RequestDriver boot(Guest guest, long features) {
    guest
        .bus()
        .driver(
            ProbeDevice.DEVICE_ID,
            (g, transport) -> new RequestDriver(g, transport, 16, 64, 1, features));
    guest.bus().start();
    host.settle(guest);
    return (RequestDriver) guest.bus().drivers().getFirst();
  }

  private void exchange(Guest guest, RequestDriver driver, int requests) {
    List<Integer> back = new ArrayList<>();
    driver.onCompletion((token, written) -> {
      assertThat(written).isEqualTo(64);
      assertThat(driver.memory().get(ValueLayout.JAVA_LONG, driver.response(token)))
          .isEqualTo(driver.memory().get(ValueLayout.JAVA_LONG, driver.request(token)));
      back.add(token);
    });
    for (int i = 0; i < requests; i++) {
      int token = driver.take();
      driver.memory().set(ValueLayout.JAVA_LONG, driver.request(token), 1000 + i);
      driver.submit(token);
      driver.publish();
      host.settle(guest);
    }
    assertThat(back).hasSize(requests);
  }

  @ParameterizedTest
  @EnumSource
  @Clause({"2.6.1.1.2-R1", "2.6.1.2.2-R1", "4.2.2.2-R14"})
  void theDriverWaitsForTheResetAndSetsTheQueueUpAsAtFirst(RingFormat format) {
    Guest guest = host.guest();
    RequestDriver driver = boot(guest, format.features());
    exchange(guest, driver, 40);
    long inUse = guest.heap().inUse();
    for (int round = 0; round < 3; round++) {
      // Some are in flight.
      driver.submit(driver.take());
      driver.publish();
      driver.submit(driver.take());
      host.connector().clear();
      int[] looks = new int[1];
      host.connector()
          .lie((access, truth) -> access.reads(QUEUE_RESET) && looks[0]++ < 5 ? 1 : truth);
      driver.restartQueue();
      host.connector().lie((access, truth) -> truth);

      assertThat(looks[0]).isEqualTo(6);
      int over = host.connector().last(access -> access.reads(QUEUE_RESET));
      int ready = host.connector().first(access -> access.writes(QUEUE_READY, 1));
      assertThat(ready).isGreaterThan(over);
      for (int register :
          new int[] {
            QUEUE_SIGNAL,
            QUEUE_SIZE,
            QUEUE_DESC_LOW,
            QUEUE_DESC_LOW + 4,
            QUEUE_DRIVER_LOW,
            QUEUE_DRIVER_LOW + 4,
            QUEUE_DEVICE_LOW,
            QUEUE_DEVICE_LOW + 4
          }) {
        assertThat(host.connector().first(access -> access.writes(register)))
            .as("register 0x%x", register)
            .isBetween(over, ready);
      }
      assertThat(host.connector().log().stream().filter(S2_6_1_VirtqueueResetTest::isKick))
          .isEmpty();
      assertThat(driver.free()).isEqualTo(driver.depth());
      exchange(guest, driver, 40);
      assertThat(guest.heap().inUse()).isEqualTo(inUse);
    }
    guest.bus().stop();
    assertThat(guest.heap().inUse()).isZero();
  }

  private static boolean isKick(Access access) {
    return access.kind() == Kind.KICK;
  }

  @Test
  @Clause("4.2.2.2-R14")
  void aResetThatDoesNotEndIsAnError() {
    Guest guest = host.guest();
    RequestDriver driver = boot(guest, RingFormat.PACKED.features());
    host.connector().lie((access, truth) -> access.reads(QUEUE_RESET) ? 1 : truth);
    assertThatExceptionOfType(DriverException.class)
        .isThrownBy(driver::restartQueue)
        .withMessageContaining("queue 0");
    host.connector().lie((access, truth) -> truth);
  }

  @Test
  void withoutTheFeatureADriverResetsNoSingleQueue() {
    Guest guest = host.guest();
    RequestDriver driver = boot(guest, RingFormat.SPLIT.features() & ~Feature.RING_RESET.mask());
    assertThatIllegalStateException().isThrownBy(driver::restartQueue);
    exchange(guest, driver, 20);
  }
}
