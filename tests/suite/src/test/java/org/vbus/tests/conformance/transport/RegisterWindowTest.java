package org.vbus.tests.conformance.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.core.bus.DeviceRegisters.*;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.core.ring.VirtQueue;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.tests.conformance.Clause;

/// The register window of a device, which is that of virtio over MMIO (4.2.2).
class RegisterWindowTest {
  private static final long FEATURES = Feature.VERSION_1.mask();

  private final SteppedHost host = new SteppedHost(SignalPolicy.DIRECT);
  private final ProbeDevice probe = new ProbeDevice(2);
  private final RawDevice device;

  RegisterWindowTest() {
    host.bus().plug("probe", probe);
    device = host.device(0);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  @Clause({"4.2.2.1-D1", "4.2.2.1-D2"})
  void saysWhatItIs() {
    assertThat(device.read(MAGIC_VALUE)).isEqualTo(0x74726976);
    assertThat(device.read(VERSION)).isEqualTo(2);
    assertThat(device.read(DEVICE_ID)).isEqualTo(ProbeDevice.DEVICE_ID);
  }

  @Test
  void anEmptySlotReadsZeroAndTakesWrites() {
    RawDevice nothing = host.device(3);
    for (int offset = 0; offset < 0x110; offset += 4) {
      assertThat(nothing.read(offset)).isZero();
      nothing.write(offset, -1);
    }
    assertThat(host.connector().read(99, MAGIC_VALUE, 4)).isZero();
    assertThat(host.connector().read(-1, MAGIC_VALUE, 4)).isZero();
  }

  @Test
  @Clause("4.2.2.1-D3")
  void anEventShowsUntilItIsAcknowledged() {
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    device.request(queue, 0, 16);
    host.runHost();
    assertThat(device.read(INTERRUPT_STATUS)).isEqualTo(INT_USED);

    probe.context().configChanged();
    assertThat(device.read(INTERRUPT_STATUS)).isEqualTo(INT_USED | INT_CONFIG);

    device.write(INTERRUPT_ACK, INT_USED);
    assertThat(device.read(INTERRUPT_STATUS)).isEqualTo(INT_CONFIG);
    device.write(INTERRUPT_ACK, INT_CONFIG);
    assertThat(device.read(INTERRUPT_STATUS)).isZero();
  }

  @Test
  @Clause("4.2.2.1-D4")
  void whatDidNotHappenDoesNotShow() {
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    host.runHost();
    assertThat(device.read(INTERRUPT_STATUS)).isZero();

    queue.disableSignals();
    device.request(queue, 0, 16);
    host.runHost();
    assertThat(device.usedIndex(queue)).isEqualTo(1);
    assertThat(device.read(INTERRUPT_STATUS)).isZero();

    probe.context().configChanged();
    assertThat(device.read(INTERRUPT_STATUS)).isEqualTo(INT_CONFIG);
  }

  @Test
  @Clause("4.2.2.1-D5")
  void aResetClearsInterruptStatusAndReadyBits() {
    DriverQueue queue = device.live(2, 16, FEATURES)[1];
    device.request(queue, 0, 16);
    probe.context().configChanged();
    host.runHost();
    assertThat(device.read(INTERRUPT_STATUS)).isEqualTo(INT_USED | INT_CONFIG);
    assertThat(device.ready(0)).isTrue();
    assertThat(device.ready(1)).isTrue();

    device.status(0);

    assertThat(device.read(INTERRUPT_STATUS)).isZero();
    assertThat(device.ready(0)).isFalse();
    assertThat(device.ready(1)).isFalse();
  }

  @Test
  @Clause("4.2.2.1-D6")
  void theGenerationChangesWithTheConfigurationAndOnlyThen() {
    int before = device.read(CONFIG_GENERATION);
    probe.config().set(0, 8, 1);
    int after = device.read(CONFIG_GENERATION);
    assertThat(after).isNotEqualTo(before);

    host.connector().read(1, CONFIG, 8);
    probe.config().set(0, 8, 1);
    assertThat(device.read(CONFIG_GENERATION)).isEqualTo(after);
  }

  @Test
  @Clause("4.2.2.1-D6")
  void readsBetweenTwoEqualGenerationsBelongTogether() throws InterruptedException {
    AtomicBoolean stop = new AtomicBoolean();
    Thread changer =
        Thread.ofPlatform()
            .start(() -> {
              for (long i = 1; !stop.get(); i++) {
                probe.config().set(0, 8, i << 32 | i);
              }
            });
    try {
      int agreed = 0;
      for (int i = 0; i < 200_000; i++) {
        int before = device.read(CONFIG_GENERATION);
        long low = host.connector().read(1, CONFIG, 4);
        long high = host.connector().read(1, CONFIG + 4, 4);
        if (before == device.read(CONFIG_GENERATION)) {
          assertThat(low).isEqualTo(high);
          agreed++;
        }
        if (i % 64 == 0) {
          Thread.sleep(0, 1);
        }
        host.connector().clear();
      }
      assertThat(agreed).isPositive();
    } finally {
      stop.set(true);
      changer.join();
    }
  }

  @Test
  @Clause("4.2.2.1-D7")
  void aQueueThatIsNotReadyIsLeftAlone() {
    device.negotiate(FEATURES);
    DriverQueue ready = device.rings(0, 16, FEATURES);
    DriverQueue notReady = device.rings(1, 16, FEATURES);
    device.place(0, ready.addresses());
    device.place(1, notReady.addresses());
    device.ready(0, true);
    device.status(RawDevice.LIVE);
    device.request(ready, 0, 16);
    device.request(notReady, 0, 16);
    host.connector().kick(0, 1);
    host.runHost();

    assertThat(device.usedIndex(ready)).isEqualTo(1);
    assertThat(device.usedIndex(notReady)).isZero();
  }

  @Test
  @Clause("4.2.2.1-D7")
  void aRunningQueueThatIsMadeNotReadyIsLeftAloneAndTheOthersGoOnWhereTheyAre() {
    DriverQueue[] queues = device.live(2, 16, FEATURES);
    for (int i = 0; i < 5; i++) {
      device.request(queues[0], i, 16);
      device.request(queues[1], i, 16);
    }
    host.runHost();

    device.ready(1, false);
    assertThat(device.ready(1)).isFalse();
    device.request(queues[0], 5, 16);
    device.request(queues[1], 5, 16);
    host.runHost();

    assertThat(device.usedIndex(queues[0])).isEqualTo(6);
    assertThat(device.usedIndex(queues[1])).isEqualTo(5);
    for (int i = 0; i < 6; i++) {
      assertThat(queues[0].nextUsed()).isEqualTo(i);
    }
    assertThat(device.status()).isEqualTo(RawDevice.LIVE);

    device.ready(1, true);
    assertThat(device.ready(1)).as("without RING_RESET only a device reset helps").isFalse();
  }

  @Test
  void queueSizeMaxIsZeroForAQueueThatDoesNotExist() {
    device.write(QUEUE_SEL, 1);
    assertThat(device.read(QUEUE_SIZE_MAX)).isEqualTo(64);
    for (int queue : new int[] {2, 1000, -1, Integer.MIN_VALUE}) {
      device.write(QUEUE_SEL, queue);
      assertThat(device.read(QUEUE_SIZE_MAX)).isZero();
      device.write(QUEUE_READY, 1);
      assertThat(device.read(QUEUE_READY)).isZero();
      device.write(QUEUE_SIGNAL, 3);
      device.write(QUEUE_NOTIFY, queue);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 48, 65, 128, -1, Integer.MIN_VALUE, 1 << 16})
  void aQueueOfAnIllegalSizeDoesNotBecomeReady(int size) {
    device.negotiate(FEATURES);
    DriverQueue rings = device.rings(0, 64, FEATURES);
    VirtQueue.Addresses at = rings.addresses();
    device.place(0, new VirtQueue.Addresses(size, at.desc(), at.avail(), at.used()));
    device.ready(0, true);

    assertThat(device.ready(0)).isFalse();
  }

  @Test
  void aQueueThatIsReadyCannotBeMoved() {
    device.negotiate(FEATURES);
    DriverQueue first = device.rings(0, 16, FEATURES);
    DriverQueue second = device.rings(0, 16, FEATURES);
    device.place(0, first.addresses());
    device.ready(0, true);
    device.place(0, second.addresses());
    device.status(RawDevice.LIVE);
    device.request(first, 4, 16);
    host.runHost();

    assertThat(first.nextUsed()).isEqualTo(4);
    assertThat(device.usedIndex(second)).isZero();
  }

  @Test
  void controlRegistersAnswerAlignedAccessesOfFourBytesOnly() {
    device.negotiate(FEATURES);
    for (int size : new int[] {1, 2, 8}) {
      assertThat(host.connector().read(1, MAGIC_VALUE, size)).isZero();
      host.connector().write(1, STATUS, size, 0);
    }
    assertThat(host.connector().read(1, MAGIC_VALUE + 1, 4)).isZero();
    host.connector().write(1, STATUS + 2, 4, 0);

    assertThat(device.status()).isEqualTo(RawDevice.NEGOTIATED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 3, 5, 7, 16, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void accessesOfOddSizesReadZeroAndDoNothing(int size) {
    probe.config().set(0, 8, -1);
    for (int offset : new int[] {0, CONFIG, CONFIG + 15, ATTRIBUTES, Integer.MAX_VALUE, -4}) {
      assertThat(host.connector().read(1, offset, size)).isZero();
      host.connector().write(1, offset, size, -1);
    }
    assertThat(probe.configWrites()).isEmpty();
  }

  @Test
  void configurationWritesReachTheModelWithinTheSpaceOnly() {
    host.connector().write(1, CONFIG + 4, 2, 0xbeef);
    host.connector().write(1, CONFIG + 15, 1, 0x11);
    host.connector().write(1, CONFIG + 15, 2, 0x11);
    host.connector().write(1, CONFIG + 16, 4, 0x11);
    host.connector().write(1, ATTRIBUTES, 4, 0x11);

    assertThat(probe.configWrites())
        .containsExactly(new long[] {4, 2, 0xbeef}, new long[] {15, 1, 0x11});
    assertThat(host.connector().read(1, CONFIG + 16, 4)).isZero();
  }

  @Test
  void thereIsNoSharedMemoryRegion() {
    for (int register : new int[] {SHM_LEN_LOW, SHM_LEN_LOW + 4, SHM_BASE_LOW, SHM_BASE_LOW + 4}) {
      assertThat(device.read(register)).isEqualTo(-1);
    }
  }

  @Test
  void theNotifyRegisterIsAKick() {
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    device.request(queue, 0, 16);
    device.write(QUEUE_NOTIFY, 0);
    host.runHost();

    assertThat(queue.nextUsed()).isZero();
  }

  @Test
  void noGarbageInAnyRegisterReachesTheGuestAsAnException() {
    java.util.Random random = new java.util.Random(42);
    for (int i = 0; i < 100_000; i++) {
      int window = random.nextInt(4) - 1;
      int offset = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(0x50) * 4;
      int size = random.nextInt(8) == 0 ? random.nextInt(17) : 4;
      long value = random.nextBoolean() ? random.nextInt(16) : random.nextLong();
      if (random.nextBoolean()) {
        host.connector().write(window, offset, size, value);
      } else {
        host.connector().read(window, offset, size);
      }
      host.connector().kick(random.nextInt(6) - 1, random.nextInt(6) - 1);
      if (i % 100 == 0) {
        host.connector().clear();
        host.loop().doWork();
      }
    }
    DriverQueue queue = device.live(1, 16, FEATURES)[0];
    device.request(queue, 5, 16);
    host.runHost();
    assertThat(queue.nextUsed()).isEqualTo(5);
    assertThat(device.status() & DeviceStatus.NEEDS_RESET).isZero();
  }
}
