package org.vbus.tests.conformance.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.core.bus.DeviceRegisters.CONFIG;
import static org.vbus.core.bus.DeviceRegisters.DRIVER_FEATURES;
import static org.vbus.core.bus.DeviceRegisters.DRIVER_FEATURES_SEL;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.tests.conformance.Clause;

/// The device half of feature negotiation (2.2, chapter 6) and what may be read during it (2.5.2).
class DeviceFeaturesTest {
  private static final long OWN = 1L << 5 | 1L << 23 | 1L << 42 | 1L << 57;
  private static final long VERSION_1 = Feature.VERSION_1.mask();

  private final SteppedHost host = new SteppedHost(SignalPolicy.DIRECT);
  private final ProbeDevice probe = new ProbeDevice(ProbeDevice.DEVICE_ID, 1, 64, OWN, 64);
  private final RawDevice device;

  DeviceFeaturesTest() {
    host.bus().plug("probe", probe);
    device = host.device(0);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  @Clause({"6.2-D1", "6.2-D9", "2.2.2-D1", "2.2.2-D3"})
  void offersItsOwnFeaturesAndThoseOfItsRingsAndNoOther() {
    // None of these has a prerequisite; SR_IOV, RING_RESET, SUSPEND and the like are not among
    // them.
    assertThat(device.offered()).isEqualTo(OWN | VirtioDevice.RING_FEATURES);
    assertThat(VirtioDevice.RING_FEATURES)
        .isEqualTo(1L << 28 | 1L << 29 | 1L << 32 | 1L << 34 | 1L << 35 | 1L << 40);
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 28, 34, 37, 40, 43, 49})
  @Clause("2.2.2-D3")
  void aModelCannotOfferWhatBelongsToRingsAndTransports(int bit) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceSpec(1, "wrong", List.of(), 1L << bit));
  }

  @Test
  @Clause("2.2.2-D2")
  void takesEverySubsetThatHasVersion1() {
    long[] bits = {1L << 5, 1L << 23, 1L << 42, 1L << 57, 1L << 28, 1L << 29};
    for (int subset = 0; subset < 1 << bits.length; subset++) {
      long features = VERSION_1;
      for (int i = 0; i < bits.length; i++) {
        features |= (subset & 1 << i) != 0 ? bits[i] : 0;
      }
      assertThat(device.negotiate(features)).as("0x%x", features).isTrue();
      device.status(RawDevice.LIVE);
      assertThat(probe.context().features()).isEqualTo(features);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 0, 1L << 24, 1L << 33, 1L << 41, 1L << 44, 1L << 63, -1L})
  @Clause("2.2.2-D2")
  void featuresOkDoesNotStickWhenABitWasNotOffered(long unoffered) {
    assertThat(device.negotiate(VERSION_1 | unoffered)).isFalse();
    device.status(RawDevice.LIVE);

    assertThat(device.status()).isEqualTo(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    assertThat(probe.starts()).isZero();
  }

  @Test
  @Clause("2.2.2-D2")
  void featuresOkDoesNotStickForABitBeyond63() {
    device.status(0);
    device.accept(VERSION_1);
    device.write(DRIVER_FEATURES_SEL, 2);
    device.write(DRIVER_FEATURES, 1);
    device.status(RawDevice.NEGOTIATED);

    assertThat(device.status() & DeviceStatus.FEATURES_OK).isZero();
  }

  @Test
  @Clause("2.2.2-D2")
  void featuresOkDoesNotStickWithoutVersion1() {
    assertThat(device.negotiate(OWN)).isFalse();
  }

  @Test
  void aDriverThatWasRefusedMayChooseAgain() {
    assertThat(device.negotiate(VERSION_1 | 1)).isFalse();
    device.accept(VERSION_1);
    device.status(RawDevice.NEGOTIATED);

    assertThat(device.status()).isEqualTo(RawDevice.NEGOTIATED);
  }

  @Test
  void featuresAreFixedOnceAgreedUpon() {
    device.negotiate(VERSION_1);
    device.accept(VERSION_1 | OWN);
    device.status(RawDevice.LIVE);

    assertThat(probe.context().features()).isEqualTo(VERSION_1);
  }

  @Test
  @Clause("2.2.2-D4")
  void whatWasAgreedUponOnceIsAgreedUponAgainAfterEachReset() {
    for (int i = 0; i < 3; i++) {
      assertThat(device.negotiate(VERSION_1 | OWN)).isTrue();
      device.status(RawDevice.LIVE);
      device.status(0);
    }
  }

  @Test
  void aResetForgetsWhatWasAccepted() {
    device.negotiate(VERSION_1 | OWN);
    device.status(0);
    device.status(RawDevice.NEGOTIATED);

    assertThat(device.status() & DeviceStatus.FEATURES_OK).isZero();
  }

  @Test
  @Clause("2.5.2-D1")
  void theConfigurationIsReadableBeforeFeaturesOk() {
    probe.config().set(0, 8, 0x1122334455667788L);
    probe.config().set(60, 4, 0xcafe);

    for (int status : new int[] {0, DeviceStatus.ACKNOWLEDGE, 3}) {
      device.status(status);
      assertThat(host.connector().read(1, CONFIG, 4)).isEqualTo(0x55667788L);
      assertThat(host.connector().read(1, CONFIG + 4, 4)).isEqualTo(0x11223344L);
      assertThat(host.connector().read(1, CONFIG + 7, 1)).isEqualTo(0x11L);
      assertThat(host.connector().read(1, CONFIG + 60, 2)).isEqualTo(0xcafeL);
    }
  }
}
