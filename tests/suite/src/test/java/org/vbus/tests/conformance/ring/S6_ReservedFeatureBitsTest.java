package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.VirtQueue;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.VirtioInit;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.DriverException;
import org.vbus.tests.conformance.Clause;

class S6_ReservedFeatureBitsTest {
  private static final long VERSION_1 = 1L << 32;
  private static final long SR_IOV = 1L << 37;

  @Test
  @Clause("6.2-D1")
  void everyDeviceOffersVersion1WhateverRingFeaturesItIsGiven() {
    for (long ring : new long[] {0, Feature.EVENT_IDX.mask(), -1L}) {
      VirtioDevice device = new VirtioDevice("d", 0, new TemplateDevice(), ring);
      assertThat(device.offeredFeatures() & VERSION_1).isEqualTo(VERSION_1);
    }
  }

  @Test
  @Clause("6.2-D9")
  void noDeviceOffersSrIov() {
    VirtioDevice device = new VirtioDevice("d", 0, new TemplateDevice(), -1L);
    assertThat(device.offeredFeatures() & SR_IOV).isZero();
    assertThat(device.offeredFeatures())
        .isEqualTo(1L << 28 | 1L << 29 | VERSION_1 | 1L << 34 | 1L << 35 | 1L << 40);
  }

  @Test
  @Clause("6.1-R1")
  void theDriverAcceptsVersion1WhereItIsOffered() {
    Transport device = new Transport(VERSION_1 | 1L << 28);
    assertThat(VirtioInit.negotiate(device, VirtioDevice.RING_FEATURES))
        .isEqualTo(VERSION_1 | 1L << 28);
    assertThat(device.accepted).isEqualTo(VERSION_1 | 1L << 28);
  }

  @Test
  @Clause("6.1-R2")
  void theDriverGivesUpADeviceWithoutVersion1() {
    Transport device = new Transport(1L << 28 | 1L << 29);
    assertThatExceptionOfType(DriverException.class)
        .isThrownBy(() -> VirtioInit.negotiate(device, VirtioDevice.RING_FEATURES));
    assertThat(device.status & DeviceStatus.FAILED).isEqualTo(DeviceStatus.FAILED);
    assertThat(device.status & DeviceStatus.DRIVER_OK).isZero();
  }

  @Test
  @Clause("6.1-R5")
  void theDriverAcceptsPackedRingsWhereTheyAreOffered() {
    long packed = Feature.RING_PACKED.mask();
    for (long understood : new long[] {VirtioDevice.RING_FEATURES, NetDriver.UNDERSTOOD}) {
      assertThat(VirtioInit.negotiate(new Transport(-1L), understood) & packed).isEqualTo(packed);
      assertThat(VirtioInit.negotiate(new Transport(VERSION_1), understood) & packed).isZero();
    }
  }

  @Test
  @Clause("6.1-R9")
  void theDriverLeavesSrIovAlone() {
    Transport device = new Transport(-1L);
    long features = VirtioInit.negotiate(device, VirtioDevice.RING_FEATURES);
    assertThat(features & SR_IOV).isZero();
    assertThat(device.accepted).isEqualTo(VirtioDevice.RING_FEATURES);
  }

  /// A device that offers what it is told and accepts everything.
  private static final class Transport implements VirtioTransport {
    private final long offered;
    private long accepted;
    private int status;

    Transport(long offered) {
      this.offered = offered;
    }

    @Override
    public int deviceId() {
      return 1;
    }

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public long deviceFeatures() {
      return offered;
    }

    @Override
    public void driverFeatures(long features) {
      accepted = features;
    }

    @Override
    public int status() {
      return status;
    }

    @Override
    public void status(int value) {
      status = value;
    }

    @Override
    public long config(int offset, int size) {
      return 0;
    }

    @Override
    public int configGeneration() {
      return 0;
    }

    @Override
    public int maxQueueSize(int queue) {
      return 0;
    }

    @Override
    public void enableQueue(int queue, VirtQueue.Addresses at, int level, Runnable handler) {}

    @Override
    public void onConfigChange(Runnable handler) {}

    @Override
    public void kick(int queue) {}

    @Override
    public void release() {}
  }
}
