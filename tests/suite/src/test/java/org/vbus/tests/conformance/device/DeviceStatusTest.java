package org.vbus.tests.conformance.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.core.bus.DeviceRegisters.CONFIG_SIGNAL;
import static org.vbus.core.bus.DeviceRegisters.INTERRUPT_STATUS;
import static org.vbus.core.bus.DeviceRegisters.INT_CONFIG;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.VirtQueue;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.tests.conformance.Clause;

/// The device half of the status field and of reset (2.1, 2.4), register by register.
class DeviceStatusTest {
  private static final long FEATURES = Feature.VERSION_1.mask();
  private static final int VECTOR = 40;

  private final SteppedHost host = new SteppedHost(SignalPolicy.DIRECT);
  private final ProbeDevice probe = new ProbeDevice(2);
  private final RawDevice device;

  DeviceStatusTest() {
    host.bus().plug("probe", probe);
    device = host.device(0);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  @Clause("2.1.2-D1")
  void noBufferIsTakenAndNothingSignalledBeforeDriverOk() {
    assertThat(device.negotiate(FEATURES)).isTrue();
    DriverQueue queue = device.rings(0, 16, FEATURES);
    device.place(0, queue.addresses());
    device.signal(0, VECTOR);
    device.ready(0, true);
    device.request(queue, 7, 32);
    host.connector().kick(0, 0);
    host.runHost();

    assertThat(queue.hasUsed()).isFalse();
    assertThat(host.interrupts().of(VECTOR)).isZero();
    assertThat(probe.starts()).isZero();

    device.status(RawDevice.LIVE);
    host.runHost();

    assertThat(queue.nextUsed()).isEqualTo(7);
    assertThat(host.interrupts().of(VECTOR)).isEqualTo(1);
  }

  @Test
  void driverOkWithoutFeaturesOkDoesNotStick() {
    device.status(0);
    device.status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.DRIVER_OK);

    assertThat(device.status()).isEqualTo(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    assertThat(probe.starts()).isZero();
  }

  @Test
  void theDriverCannotTakeBackABitButByReset() {
    device.live(1, 16, FEATURES);
    device.status(DeviceStatus.ACKNOWLEDGE);

    assertThat(device.status()).isEqualTo(RawDevice.LIVE);
    assertThat(probe.stops()).isZero();
  }

  @Test
  @Clause("2.1.2-D2")
  void aBrokenQueueMakesTheDeviceNeedAReset() {
    DriverQueue[] queues = device.live(2, 16, FEATURES);
    breakQueue(queues[0]);
    host.runHost();

    assertThat(device.status() & DeviceStatus.NEEDS_RESET).isNotZero();
    assertThat(host.bus().devices().getFirst().device().fault(0))
        .isEqualTo(RingFault.ADDRESS_OUTSIDE_MEMORY);
  }

  @Test
  @Clause("2.1.2-D2")
  void ringsOutsideMemoryMakeTheDeviceNeedAReset() {
    device.negotiate(FEATURES);
    device.place(0, new VirtQueue.Addresses(16, 0x10, 0x1000, 0x2000));
    device.ready(0, true);
    device.status(RawDevice.LIVE);

    assertThat(device.status() & DeviceStatus.NEEDS_RESET).isNotZero();
  }

  @Test
  @Clause("2.1.2-D2")
  void aModelThatDoesNotStartMakesTheDeviceNeedAResetAndDoesNotReachTheGuest() {
    probe.onStart(() -> {
      throw new IllegalStateException("a bug in start");
    });
    device.live(1, 16, FEATURES);

    assertThat(device.status() & DeviceStatus.NEEDS_RESET).isNotZero();

    probe.onStart(() -> {});
    DriverQueue again = device.live(1, 16, FEATURES)[0];
    device.request(again, 3, 8);
    host.runHost();

    assertThat(again.nextUsed()).isEqualTo(3);
  }

  @Test
  @Clause("2.1.2-D3")
  void aLiveDeviceThatNeedsAResetSignalsAConfigurationChange() {
    device.write(CONFIG_SIGNAL, VECTOR);
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    device.write(CONFIG_SIGNAL, VECTOR);
    breakQueue(queue);
    host.runHost();

    assertThat(host.interrupts().of(VECTOR)).isEqualTo(1);
    assertThat(device.read(INTERRUPT_STATUS) & INT_CONFIG).isEqualTo(INT_CONFIG);
  }

  @Test
  void neitherTheDriverNorABitWithoutMeaningSetsWhatIsTheDevices() {
    device.live(1, 16, FEATURES);
    device.status(0xff);

    assertThat(device.status()).isEqualTo(RawDevice.LIVE | DeviceStatus.FAILED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 11})
  @Clause("3.4.2-D1")
  void suspendHasNoEffectOnADeviceThatIsNotInitialized(int before) {
    device.status(0);
    device.accept(FEATURES);
    if (before != 0) {
      device.status(before);
    }
    device.status(before | 16);

    assertThat(device.status()).isEqualTo(before);
  }

  @Test
  @Clause("2.4.1-D1")
  void statusReadsZeroAfterAResetFromAnyState() {
    device.live(2, 16, FEATURES);
    device.status(0);
    assertThat(device.status()).isZero();

    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    breakQueue(queue);
    host.runHost();
    device.status(device.status() | DeviceStatus.FAILED);
    device.status(0);

    assertThat(device.status()).isZero();
    assertThat(probe.starts()).isEqualTo(2);
    assertThat(probe.stops()).isEqualTo(2);
  }

  @Test
  @Clause("2.4.1-D2")
  void afterAResetNoQueueIsTouchedAndNothingSignalled() {
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    device.signal(0, VECTOR);
    device.write(CONFIG_SIGNAL, VECTOR + 1);
    device.request(queue, 1, 16);
    host.runHost();
    assertThat(device.usedIndex(queue)).isEqualTo(1);
    assertThat(host.interrupts().of(VECTOR)).isEqualTo(1);

    device.status(0);
    device.request(queue, 2, 16);
    host.connector().kick(0, 0);
    host.runHost();
    probe.context().configChanged();

    assertThat(device.usedIndex(queue)).isEqualTo(1);
    assertThat(host.interrupts().all()).isEqualTo(1);
  }

  @Test
  @Clause("2.4.1-D2")
  void aResetDeviceStartsFromTheBeginningOfNewRings() {
    DriverQueue old = device.live(1, 16, FEATURES)[0];
    for (int i = 0; i < 5; i++) {
      device.request(old, i, 16);
    }
    host.runHost();
    DriverQueue fresh = device.live(1, 32, FEATURES)[0];
    device.request(fresh, 9, 16);
    host.runHost();

    assertThat(fresh.nextUsed()).isEqualTo(9);
    assertThat(device.usedIndex(fresh)).isEqualTo(1);
    assertThat(device.usedIndex(old)).isEqualTo(5);
  }

  /// Offers a buffer that is not in guest memory.
  private static void breakQueue(DriverQueue queue) {
    queue.begin();
    queue.out(0x10, 64);
    queue.commit(0);
    boolean _ = queue.publish();
  }
}
