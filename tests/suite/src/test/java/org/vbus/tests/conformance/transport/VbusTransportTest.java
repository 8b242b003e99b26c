package org.vbus.tests.conformance.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.core.bus.DeviceRegisters.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RecordingConnector.Access;
import org.vbus.fixture.stack.RecordingConnector.Kind;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Guest;
import org.vbus.tests.conformance.Clause;

/// How virtio-vbus, the driver of the register window, uses it (4.2.2.2, 4.2.3.1.1).
class VbusTransportTest {
  private static final Set<Integer> READABLE =
      Set.of(
          MAGIC_VALUE,
          VERSION,
          DEVICE_ID,
          VENDOR_ID,
          DEVICE_FEATURES,
          QUEUE_SIZE_MAX,
          QUEUE_READY,
          INTERRUPT_STATUS,
          STATUS,
          ATTRIBUTES_LENGTH,
          CONFIG_GENERATION);
  private static final Set<Integer> WRITABLE =
      Set.of(
          DEVICE_FEATURES_SEL,
          DRIVER_FEATURES,
          DRIVER_FEATURES_SEL,
          QUEUE_SEL,
          QUEUE_SIZE,
          QUEUE_READY,
          QUEUE_NOTIFY,
          INTERRUPT_ACK,
          STATUS,
          QUEUE_DESC_LOW,
          QUEUE_DESC_LOW + 4,
          QUEUE_DRIVER_LOW,
          QUEUE_DRIVER_LOW + 4,
          QUEUE_DEVICE_LOW,
          QUEUE_DEVICE_LOW + 4,
          QUEUE_SIGNAL,
          QUEUE_LEVEL,
          CONFIG_SIGNAL,
          CONFIG_LEVEL);
  private static final Set<Integer> SETUP =
      Set.of(
          QUEUE_SIZE,
          QUEUE_DESC_LOW,
          QUEUE_DESC_LOW + 4,
          QUEUE_DRIVER_LOW,
          QUEUE_DRIVER_LOW + 4,
          QUEUE_DEVICE_LOW,
          QUEUE_DEVICE_LOW + 4);
  private static final long NET =
      1L << NetDriver.F_MAC | 1L << NetDriver.F_STATUS | 1L << NetDriver.F_MTU;

  private final SteppedHost host = new SteppedHost(SignalPolicy.RING);
  private final ProbeDevice net = ProbeDevice.net(NET, 24);
  private final List<VirtioTransport> bound = new ArrayList<>();

  @AfterEach
  void close() {
    host.close();
  }

  private Guest boot() {
    Guest guest = host.guest();
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (g, transport) -> {
              bound.add(transport);
              return new NetDriver(g, transport);
            });
    guest
        .bus()
        .driver(
            ProbeDevice.DEVICE_ID,
            (g, transport) -> {
              bound.add(transport);
              return new RequestDriver(g, transport, 256, 64, 1, VirtioDevice.RING_FEATURES);
            });
    guest.bus().start();
    host.settle(guest);
    return guest;
  }

  /// A life from discovery to removal, with attributes read and the link changed.
  private List<Access> wholeLife() {
    host.bus().plug("net", net);
    host.bus().plug("probe", new ProbeDevice(1));
    Guest guest = boot();
    guest.bus().attributes(0);
    net.context().configChanged();
    host.settle(guest);
    guest.bus().stop();
    assertThat(bound).hasSize(2);
    return host.connector().deviceLog();
  }

  @Test
  @Clause("4.2.2.2-R1")
  void onlyKnownRegistersAreAccessedInTheirDirection() {
    for (Access access : wholeLife()) {
      if (access.kind() == Kind.READ && access.offset() < CONFIG) {
        assertThat(READABLE).as("%s", access).contains(access.offset());
      } else if (access.kind() == Kind.READ && access.offset() < ATTRIBUTES) {
        assertThat(access.offset() - CONFIG).isLessThan(24);
      } else if (access.kind() == Kind.WRITE) {
        assertThat(WRITABLE).as("%s", access).contains(access.offset());
      }
    }
  }

  @Test
  @Clause("4.2.2.2-R2")
  void controlRegistersAreAccessedByAlignedWords() {
    assertThat(wholeLife())
        .filteredOn(a -> a.kind() != Kind.KICK && a.offset() < CONFIG)
        .isNotEmpty()
        .allMatch(a -> a.size() == 4 && a.offset() % 4 == 0);
  }

  @Test
  @Clause("4.2.2.2-R3")
  void configurationFieldsAreAccessedByTheirWidth() {
    Map<Integer, Integer> widths = new HashMap<>(Map.of(6, 2, 10, 2));
    for (int i = 0; i < 6; i++) {
      widths.put(i, 1);
    }
    assertThat(wholeLife())
        .filteredOn(a -> a.kind() == Kind.READ && a.offset() >= CONFIG && a.offset() < ATTRIBUTES)
        .isNotEmpty()
        .allMatch(a -> widths.get(a.offset() - CONFIG) == a.size());
  }

  @Test
  @Clause("4.2.2.2-R3")
  void aFieldOf64BitsIsTwoAccesses() {
    host.bus().plug("net", net);
    boot();
    net.config().set(16, 8, 0x8877665544332211L);
    host.connector().clear();

    assertThat(bound.getFirst().config(16, 8)).isEqualTo(0x8877665544332211L);
    assertThat(host.connector().log())
        .extracting(Access::offset, Access::size)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(CONFIG + 16, 4),
            org.assertj.core.groups.Tuple.tuple(CONFIG + 20, 4));
  }

  @ParameterizedTest
  @ValueSource(ints = {MAGIC_VALUE, VERSION, DEVICE_ID})
  @Clause({"4.2.2.2-R4", "4.2.2.2-R5", "4.2.2.2-R6", "4.2.3.1.1-R1", "4.2.3.1.1-R2"})
  void aWindowThatIsNoDeviceIsLeftAlone(int register) {
    host.bus().plug("net", net);
    host.connector()
        .lie((access, truth) -> access.reads(register) ? (register == VERSION ? 1 : 0) : truth);
    Guest guest = boot();

    assertThat(guest.bus().drivers()).isEmpty();
    assertThat(host.connector().deviceLog())
        .isNotEmpty()
        .allMatch(a -> a.kind() == Kind.READ && a.offset() <= register);
  }

  @Test
  @Clause("4.2.3.1.1-R1")
  void magicAndVersionAreReadBeforeAnythingElse() {
    assertThat(wholeLife())
        .filteredOn(a -> a.window() == 1)
        .extracting(Access::offset)
        .startsWith(MAGIC_VALUE, VERSION, DEVICE_ID);
  }

  @Test
  @Clause("4.2.3.1.1-R3")
  void sharedMemoryRegistersAreLeftAlone() {
    assertThat(wholeLife()).noneMatch(a -> a.offset() >= 0x0ac && a.offset() < 0x0c0);
  }

  @Test
  @Clause("4.2.3.1.1-R4")
  void theRestIsTheGeneralInitialisation() {
    assertThat(wholeLife())
        .filteredOn(a -> a.window() == 1 && a.writes(STATUS))
        .extracting(Access::value)
        .containsExactly(0L, 1L, 3L, 11L, 15L, 0L);
  }

  @Test
  @Clause({"4.2.2.2-R7", "4.2.2.2-R8"})
  void featureWordsAreSelectedBeforeTheyAreAccessed() {
    List<Access> log = wholeLife();
    for (int i = 0; i < log.size(); i++) {
      if (log.get(i).reads(DEVICE_FEATURES)) {
        assertThat(log.get(i - 1).writes(DEVICE_FEATURES_SEL)).isTrue();
      }
      if (log.get(i).writes(DRIVER_FEATURES)) {
        assertThat(log.get(i - 1).writes(DRIVER_FEATURES_SEL)).isTrue();
      }
    }
    assertThat(log).filteredOn(a -> a.reads(DEVICE_FEATURES)).hasSize(4);
    assertThat(log).filteredOn(a -> a.writes(DRIVER_FEATURES)).hasSize(4);
  }

  @Test
  @Clause("4.2.2.2-R9")
  void noQueueIsMadeLongerThanTheDeviceAllows() {
    // The drivers ask for 256 entries, the devices allow 64.
    assertThat(wholeLife())
        .filteredOn(a -> a.writes(QUEUE_SIZE))
        .hasSize(3)
        .allMatch(a -> a.value() == 64);
  }

  @Test
  @Clause("4.2.2.2-R10")
  void aQueueThatIsReadyIsNotSetUpAgain() {
    Set<List<Integer>> ready = new java.util.HashSet<>();
    int selected = -1;
    for (Access access : wholeLife()) {
      if (access.writes(QUEUE_SEL)) {
        selected = (int) access.value();
      }
      List<Integer> queue = List.of(access.window(), selected);
      if (access.writes(QUEUE_READY, 1)) {
        assertThat(ready.add(queue)).isTrue();
      } else if (access.writes(STATUS, 0)) {
        ready.removeIf(known -> known.getFirst() == access.window());
      } else if (access.kind() != Kind.KICK && SETUP.contains(access.offset())) {
        assertThat(ready).as("%s", access).doesNotContain(queue);
      }
    }
  }
}
