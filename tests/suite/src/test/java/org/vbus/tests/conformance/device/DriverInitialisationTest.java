package org.vbus.tests.conformance.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.core.bus.DeviceRegisters.*;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RecordingConnector.Access;
import org.vbus.fixture.stack.RecordingConnector.Kind;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Guest;
import org.vbus.tests.conformance.Clause;

/// What our drivers do to a device from discovery to removal, as a connector sees it (2.1.1, 2.2.1,
/// 2.5.1, 3.1.1, 3.3.1).
class DriverInitialisationTest {
  private static final int ACK = DeviceStatus.ACKNOWLEDGE;
  private static final int DRIVER = ACK | DeviceStatus.DRIVER;
  private static final int NEGOTIATED = DRIVER | DeviceStatus.FEATURES_OK;
  private static final int LIVE = NEGOTIATED | DeviceStatus.DRIVER_OK;
  private static final long NET =
      1L << NetDriver.F_MAC | 1L << NetDriver.F_STATUS | 1L << NetDriver.F_MTU;

  /// A device our driver does not know everything about.
  private static final long FOREIGN = 1L << 10 | 1L << 14 | 1L << 22 | 1L << 57;

  private final SteppedHost host = new SteppedHost(SignalPolicy.RING);
  private final List<RequestDriver> requests = new ArrayList<>();
  private final List<NetDriver> nets = new ArrayList<>();

  @AfterEach
  void close() {
    host.close();
  }

  private static ProbeDevice net(long features) {
    ProbeDevice net = ProbeDevice.net(features, 24);
    for (int i = 0; i < 6; i++) {
      net.config().set(i, 1, 0x52 + i);
    }
    net.config().set(6, 2, 1);
    net.config().set(10, 2, 1400);
    return net;
  }

  /// A guest whose drivers are bound to what is plugged.
  private Guest boot() {
    Guest guest = host.guest();
    guest
        .bus()
        .driver(
            ProbeDevice.DEVICE_ID,
            (g, transport) -> {
              RequestDriver driver =
                  new RequestDriver(g, transport, 16, 64, 1, VirtioDevice.RING_FEATURES);
              requests.add(driver);
              return driver;
            });
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (g, transport) -> {
              NetDriver driver = new NetDriver(g, transport);
              nets.add(driver);
              return driver;
            });
    guest.bus().start();
    host.settle(guest);
    return guest;
  }

  private List<Long> statusWrites() {
    return host.connector().writtenTo(STATUS);
  }

  @Test
  @Clause({"2.1.1-R1", "2.1.1-R2", "3.1.1-R1"})
  void theStatusFieldIsWrittenStepByStep() {
    host.bus().plug("probe", new ProbeDevice(1));
    host.bus().plug("net", net(NET));
    boot();

    assertThat(requests).hasSize(1);
    assertThat(nets).hasSize(1);
    List<Long> steps = List.of(0L, (long) ACK, (long) DRIVER, (long) NEGOTIATED, (long) LIVE);
    assertThat(statusWritesOf(0)).isEqualTo(steps);
    assertThat(statusWritesOf(1)).isEqualTo(steps);
  }

  private List<Long> statusWritesOf(int slot) {
    return host.connector().deviceLog().stream()
        .filter(a -> a.window() == slot + 1 && a.writes(STATUS))
        .map(Access::value)
        .toList();
  }

  @Test
  @Clause({"3.1.1-R1", "3.1.1-R3", "2.4.2-R1"})
  void eachStepHasItsPlace() {
    host.bus().plug("probe", net(NET));
    boot();
    var log = host.connector();

    int reset = log.first(a -> a.writes(STATUS, 0));
    int resetDone = log.first(a -> a.reads(STATUS) && a.value() == 0);
    int acknowledge = log.first(a -> a.writes(STATUS, ACK));
    int driver = log.first(a -> a.writes(STATUS, DRIVER));
    int featuresRead = log.first(a -> a.reads(DEVICE_FEATURES));
    int featuresWritten = log.last(a -> a.writes(DRIVER_FEATURES));
    int featuresOk = log.first(a -> a.writes(STATUS, NEGOTIATED));
    int featuresChecked = log.first(a -> a.reads(STATUS) && a.value() == NEGOTIATED);
    int firstQueue = log.first(a -> a.writes(QUEUE_READY, 1));
    int lastQueue = log.last(a -> a.writes(QUEUE_READY, 1));
    int driverOk = log.first(a -> a.writes(STATUS, LIVE));

    assertThat(
            List.of(
                reset,
                resetDone,
                acknowledge,
                driver,
                featuresRead,
                featuresWritten,
                featuresOk,
                featuresChecked,
                firstQueue,
                lastQueue,
                driverOk))
        .isSorted()
        .doesNotContain(-1)
        .doesNotHaveDuplicates();
  }

  @Test
  @Clause("3.1.1-R6")
  void noKickCrossesBeforeDriverOk() {
    ProbeDevice net = net(NET);
    host.bus().plug("net", net);
    Guest guest = boot();
    // Rings are zeroed, which asks for kicks: buffers announced too early would have shown.
    net.context().queue(1).armKicks();
    nets.getFirst().send(guest.heap().memory(), 0, 64);
    nets.getFirst().flush();
    var log = host.connector();

    int firstKick = log.first(a -> a.kind() == Kind.KICK || a.writes(QUEUE_NOTIFY));
    assertThat(firstKick).isGreaterThan(log.first(a -> a.writes(STATUS, LIVE)));
  }

  @Test
  @Clause("3.1.1-R2")
  void theConfigurationIsNeverWritten() {
    host.bus().plug("net", net(NET));
    Guest guest = boot();
    guest.bus().stop();

    assertThat(host.connector().deviceLog())
        .noneMatch(a -> a.kind() == Kind.WRITE && a.offset() >= CONFIG);
  }

  @Test
  @Clause({"2.2.1-R1", "2.2.1-R2", "2.2.1-R3", "2.2.1-R5", "6.1-R1", "6.1-R9"})
  void exactlyWhatIsOfferedAndUnderstoodIsAccepted() {
    ProbeDevice net = net(NET | FOREIGN);
    host.bus().plug("net", net);
    // Reserved bits, those of other transports (SR_IOV 37) and others a device could offer by
    // mistake.
    long mistakes = 1L << 37 | 1L << 41 | 1L << 44 | 1L << 33;
    host.connector()
        .lie((access, truth) ->
            access.reads(DEVICE_FEATURES) && selected(DEVICE_FEATURES_SEL) == 1
                ? truth | mistakes >>> 32
                : truth);
    boot();

    assertThat(nets).hasSize(1);
    assertThat(net.context().features()).isEqualTo(NET | VirtioDevice.RING_FEATURES);
  }

  private long selected(int selector) {
    List<Long> written = host.connector().writtenTo(selector);
    return written.isEmpty() ? -1 : written.getLast();
  }

  @Test
  @Clause("2.2.1-R4")
  void aFeatureThatIsNotOfferedIsDoneWithout() {
    ProbeDevice bare = net(0);
    host.bus().plug("net", bare);
    boot();

    assertThat(bare.context().features() & ~VirtioDevice.RING_FEATURES).isZero();
    assertThat(nets.getFirst().linkUp()).isTrue();
    assertThat(nets.getFirst().mtu()).isEqualTo(1500);
    assertThat(statusWrites().getLast()).isEqualTo(LIVE);
  }

  @Test
  @Clause({"2.2.1-R4", "3.1.1-R4", "3.1.1-R5"})
  void aDeviceWithoutVersion1IsGivenUp() {
    host.bus().plug("probe", new ProbeDevice(1));
    host.connector()
        .lie((access, truth) ->
            access.reads(DEVICE_FEATURES) && selected(DEVICE_FEATURES_SEL) == 1 ? 0 : truth);
    boot();

    expectGivenUp();
  }

  @Test
  @Clause({"3.1.1-R4", "3.1.1-R5"})
  void aDeviceThatRefusesTheFeaturesIsGivenUp() {
    host.bus().plug("probe", new ProbeDevice(1));
    host.connector()
        .lie((access, truth) -> access.reads(STATUS) ? truth & ~DeviceStatus.FEATURES_OK : truth);
    boot();

    expectGivenUp();
  }

  @Test
  @Clause({"3.1.1-R4", "3.1.1-R5"})
  void aDeviceWithoutTheQueuesOfItsKindIsGivenUp() {
    host.bus().plug("probe", new ProbeDevice(0));
    host.bus().plug("net", new ProbeDevice(NetDriver.DEVICE_ID, 1, 64, NET, 24));
    Guest guest = boot();

    expectGivenUp();
    assertThat(guest.bus().drivers()).isEmpty();
  }

  private void expectGivenUp() {
    assertThat(requests).isEmpty();
    assertThat(nets).isEmpty();
    var log = host.connector();
    int failed = log.first(a -> a.writes(STATUS) && (a.value() & DeviceStatus.FAILED) != 0);
    assertThat(failed).isNotNegative();
    assertThat(log.log().subList(failed + 1, log.log().size()))
        .noneMatch(a ->
            a.window() == log.log().get(failed).window()
                && (a.writes(QUEUE_READY) || a.writes(DRIVER_FEATURES) || a.kind() == Kind.KICK));
    assertThat(statusWrites()).noneMatch(value -> (value & DeviceStatus.DRIVER_OK) != 0);
    assertThat(host.bus().devices())
        .allMatch(slot -> (slot.device().status() & DeviceStatus.FAILED) != 0);
  }

  @Test
  @Clause("2.1.1-R3")
  void aDeviceThatWasGivenUpIsResetBeforeTheNextTry() {
    ProbeDevice model = new ProbeDevice(1);
    host.bus().plug("probe", model);
    host.connector()
        .lie((access, truth) -> access.reads(STATUS) ? truth & ~DeviceStatus.FEATURES_OK : truth);
    Guest guest = boot();
    assertThat(requests).isEmpty();

    host.connector().lie((access, truth) -> truth);
    host.connector().clear();
    host.bus().unplug(host.bus().devices().getFirst());
    host.bus().plug("again", model);
    host.settle(guest);

    assertThat(statusWrites()).startsWith(0L, (long) ACK);
    assertThat(requests).hasSize(1);
  }

  @Test
  @Clause("2.4.2-R1")
  void aResetIsOverWhenStatusReadsZero() {
    host.bus().plug("probe", new ProbeDevice(1));
    int[] reads = new int[1];
    host.connector()
        .lie(
            (access, truth) -> access.reads(STATUS) && truth == 0 && ++reads[0] < 5 ? LIVE : truth);
    boot();

    assertThat(reads[0]).isEqualTo(5);
    var log = host.connector();
    assertThat(log.first(a -> a.writes(STATUS, ACK)))
        .isGreaterThan(log.first(a -> a.reads(STATUS) && a.value() == 0));
    assertThat(requests).hasSize(1);
  }

  @Test
  @Clause({"2.4.2-R1", "3.1.1-R5"})
  void aDeviceWhoseResetDoesNotEndIsNotDriven() {
    host.bus().plug("probe", new ProbeDevice(1));
    host.connector().lie((access, truth) -> access.reads(STATUS) ? ACK : truth);
    boot();

    assertThat(requests).isEmpty();
    assertThat(statusWrites()).doesNotContain((long) DRIVER);
  }

  @Test
  @Clause("2.5.1-R1")
  void configurationThatChangesWhileItIsReadIsReadAgain() {
    ProbeDevice net = net(NET);
    host.bus().plug("net", net);
    int[] changes = new int[1];
    host.connector()
        .lie((access, truth) -> {
          if (access.reads(CONFIG + 2) && changes[0]++ < 3) {
            for (int i = 0; i < 6; i++) {
              net.config().set(i, 1, 16 * changes[0] + i);
            }
          }
          return truth;
        });
    boot();

    assertThat(nets.getFirst().mac()).isEqualTo(0x30_31_32_33_34_35L);
  }

  @Test
  @Clause("2.5.1-R1")
  void everyReadOfTheConfigurationIsBetweenTwoOfTheGeneration() {
    host.bus().plug("net", net(NET));
    boot();
    var log = host.connector();

    int first = log.first(a -> a.kind() == Kind.READ && a.window() > 0 && a.offset() >= CONFIG);
    int last = log.last(a -> a.kind() == Kind.READ && a.window() > 0 && a.offset() >= CONFIG);
    assertThat(log.first(a -> a.reads(CONFIG_GENERATION))).isNotNegative().isLessThan(first);
    assertThat(log.last(a -> a.reads(CONFIG_GENERATION))).isGreaterThan(last);
  }

  @Test
  @Clause("2.5.1-R2")
  void fieldsOfFeaturesThatAreNotOfferedAreNotRead() {
    host.bus().plug("mac", net(1L << NetDriver.F_MAC));
    host.bus().plug("mtu", net(1L << NetDriver.F_MTU));
    host.bus().plug("none", net(0));
    boot();

    assertThat(nets).hasSize(3);
    assertThat(configReads(0)).containsOnly(0, 1, 2, 3, 4, 5);
    assertThat(configReads(1)).containsOnly(10);
    assertThat(configReads(2)).isEmpty();
  }

  private List<Integer> configReads(int slot) {
    return host.connector().deviceLog().stream()
        .filter(a -> a.window() == slot + 1 && a.kind() == Kind.READ)
        .filter(a -> a.offset() >= CONFIG && a.offset() < ATTRIBUTES)
        .map(a -> a.offset() - CONFIG)
        .toList();
  }

  @Test
  @Clause({"2.5.1-R3", "2.5.1-R4"})
  void aLargerConfigurationThanTheDriverKnowsIsFine() {
    ProbeDevice big = ProbeDevice.net(NET, 2000);
    big.config().set(0, 8, 0x0001_5554_5352_5150L);
    big.config().set(10, 2, 9000);
    host.bus().plug("net", big);
    boot();

    assertThat(nets.getFirst().mtu()).isEqualTo(9000);
    assertThat(nets.getFirst().mac()).isEqualTo(0x50_51_52_53_54_55L);
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  @Clause({"3.3.1-R1", "3.3.1-R2"})
  void aRemovedDriverTakesItsMemoryBackOnlyAfterTheReset(SignalPolicy policy) {
    try (SteppedHost own = new SteppedHost(policy)) {
      ProbeDevice probe = new ProbeDevice(1);
      own.bus().plug("probe", probe);
      Guest guest = own.guest();
      long before = guest.heap().inUse();
      List<Long> inUseWhileResetting = new ArrayList<>();
      guest
          .bus()
          .driver(
              ProbeDevice.DEVICE_ID,
              (g, transport) ->
                  new RequestDriver(g, transport, 16, 64, 1, VirtioDevice.RING_FEATURES));
      guest.bus().start();
      own.settle(guest);
      long live = guest.heap().inUse();
      assertThat(live).isGreaterThan(before);

      // Buffers are in flight, and the reset takes a while.
      RequestDriver driver = (RequestDriver) guest.bus().drivers().getFirst();
      driver.submit(driver.take());
      driver.publish();
      own.connector()
          .lie((access, truth) -> {
            if (access.reads(STATUS) && inUseWhileResetting.size() < 3) {
              inUseWhileResetting.add(guest.heap().inUse());
              return LIVE;
            }
            return truth;
          });
      guest.bus().stop();

      assertThat(inUseWhileResetting).containsExactly(live, live, live);
      assertThat(guest.heap().inUse()).isZero();
      assertThat(own.bus().devices().getFirst().device().status()).isZero();
      assertThat(probe.stops()).isEqualTo(1);
    }
  }

  @Test
  @Clause("6.1-R4")
  void everyAddressGivenToADeviceIsGuestPhysical() {
    host.bus().plug("net", net(NET));
    boot();
    long base = host.connector().memoryBase();
    long end = base + host.connector().memory().byteSize();
    for (int register : new int[] {QUEUE_DESC_LOW, QUEUE_DRIVER_LOW, QUEUE_DEVICE_LOW}) {
      List<Long> low = host.connector().writtenTo(register);
      List<Long> high = host.connector().writtenTo(register + 4);
      assertThat(low).hasSize(2);
      for (int i = 0; i < low.size(); i++) {
        assertThat(high.get(i) << 32 | low.get(i)).isBetween(base, end);
      }
    }
    host.runHost();
    assertThat(host.bus().devices().getFirst().device().status())
        .as("the buffers too: none was refused")
        .isEqualTo(LIVE);
  }
}
