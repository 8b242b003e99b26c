package org.vbus.tests.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.ProtocolFeature;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.connector.vhostuser.VhostUserTransport;
import org.vbus.core.bus.Slot;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.VirtQueue;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.LogWatch;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.VhostUserHost;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.driver.VirtioInit;
import org.vbus.stack.LoopsConfig;
import org.vbus.tests.fixture.RawRing;

/// What [ConnectorContract] promises, over both halves of vhost-user: there is no register window
/// to run that suite through, and each device has a connection of its own.
///
/// The guest runs on the test's thread.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VhostUserConnectorTest {
  private static final long MEMORY = 8L << 20;
  private static final int QUEUE = 64;

  @TempDir private Path dir;
  private final ProbeDevice probe = new ProbeDevice(1);
  private final List<AutoCloseable> open = new ArrayList<>();
  private VhostUserHost host;
  private LogWatch log;

  @BeforeEach
  void startWatch() {
    log = new LogWatch();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    log.close();
    assertThat(log.errors()).isEmpty();
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(closeable);
    return closeable;
  }

  private void serve(Map<String, ProbeDevice> devices, Duration spin) {
    host =
        opened(
            new VhostUserHost(dir, devices, new LoopsConfig(1, LoopsConfig.Spread.DEVICE, spin)));
  }

  private void serve(ProbeDevice device) {
    serve(Map.of("probe", device), LoopsConfig.single().spin());
  }

  private VhostUserGuest machine() throws IOException {
    return opened(new VhostUserGuest(MEMORY));
  }

  private Frontend connect(String name) throws IOException {
    return opened(Frontend.connect(host.socket(name), Frontend.LIMIT));
  }

  private VhostUserTransport transport(VhostUserGuest machine, String name) throws IOException {
    return machine.device(connect(name), ProbeDevice.DEVICE_ID, name, QUEUE);
  }

  private VirtioDevice device() {
    return host.device("probe");
  }

  private static void awaitHost(String what, BooleanSupplier done) {
    long deadline = System.nanoTime() + EchoGuest.LIMIT;
    while (!done.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static void send(RequestDriver driver) {
    driver.submit(driver.take());
    driver.publish();
  }

  // Negotiation and memory.

  static List<Long> understood() {
    long all = Frontend.PROTOCOL_FEATURES;
    return List.of(
        0L,
        ProtocolFeature.MQ.mask(),
        ProtocolFeature.REPLY_ACK.mask(),
        ProtocolFeature.CONFIGURE_MEM_SLOTS.mask(),
        ProtocolFeature.RESET_DEVICE.mask(),
        all & ~ProtocolFeature.REPLY_ACK.mask(),
        all & ~ProtocolFeature.STATUS.mask(),
        all & ~ProtocolFeature.CONFIGURE_MEM_SLOTS.mask(),
        all);
  }

  @ParameterizedTest
  @MethodSource("understood")
  void aFrontEndThatKnowsLessIsServedToo(long understood) throws IOException {
    serve(probe);
    VhostUserGuest machine = machine();
    Frontend frontend = opened(Frontend.connect(host.socket("probe"), Frontend.LIMIT, understood));
    assertThat(frontend.protocolFeatures()).isEqualTo(understood);
    VhostUserTransport transport = machine.device(frontend, ProbeDevice.DEVICE_ID, "probe", QUEUE);
    EchoGuest guest = new EchoGuest(machine.guest());
    for (int i = 1; i <= 3; i++) {
      RequestDriver driver = guest.bind(transport, true);
      guest.exchange(driver, 500, 5, EchoGuest.BUSY);
      driver.remove();
      assertThat(machine.guest().heap().inUse()).isZero();
    }
  }

  @Test
  void bothSidesSeeTheSameMemory() throws IOException {
    serve(probe);
    VhostUserGuest machine = machine();
    GuestHeap heap = machine.guest().heap();
    MemorySegment memory = heap.memory();
    VhostUserTransport device = transport(machine, "probe");
    DriverQueue queue = live(device, heap, 0);
    SplittableRandom random = new SplittableRandom(7);
    long from = heap.allocate(2 << 20, 1);
    long to = heap.allocate(2 << 20, 1);
    for (int i = 0; i < 300; i++) {
      int bytes = i < 200 ? 1 + random.nextInt(300) : 1 + random.nextInt(1 << 20);
      long source = from + random.nextInt(4096);
      long target = to + random.nextInt(4096);
      for (int at = 0; at < bytes; at++) {
        memory.set(ValueLayout.JAVA_BYTE, source + at, (byte) random.nextInt());
      }
      memory.set(ValueLayout.JAVA_BYTE, target + bytes, (byte) 0x5a);
      queue.begin();
      queue.out(heap.gpa(source), bytes);
      queue.in(heap.gpa(target), bytes);
      queue.commit(1);
      if (queue.publish()) {
        device.kick(0);
      }
      awaitHost("echo", queue::hasUsed);
      assertThat(queue.nextUsed()).isEqualTo(1);
      assertThat(queue.usedLength()).isEqualTo(bytes);
      assertThat(
              MemorySegment.mismatch(
                  memory, source, source + bytes, memory, target, target + bytes))
          .isEqualTo(-1);
      assertThat(memory.get(ValueLayout.JAVA_BYTE, target + bytes)).isEqualTo((byte) 0x5a);
    }
    device.status(0);
  }

  /// Initialises a device with one queue and without event indexes.
  private DriverQueue live(VhostUserTransport device, GuestHeap heap, int queue) {
    long features = VirtioInit.negotiate(device, Feature.VERSION_1.mask());
    DriverQueue rings = DriverQueue.create(queue, QUEUE, features, 0, heap, new Ledger());
    device.enableQueue(queue, rings.addresses(), 1, () -> {});
    VirtioInit.driverOk(device);
    return rings;
  }

  private static void request(
      VhostUserTransport device, DriverQueue queue, GuestHeap heap, int bytes) {
    long at = heap.allocate(2L * bytes, 64);
    queue.begin();
    queue.out(heap.gpa(at), bytes);
    queue.in(heap.gpa(at + bytes), bytes);
    queue.commit(0);
    if (queue.publish()) {
      device.kick(queue.index());
    }
  }

  // Kicks and calls.

  @Test
  void aKickReachesADeviceThatSleeps() throws IOException {
    serve(Map.of("probe", probe), Duration.ZERO);
    VhostUserGuest machine = machine();
    EchoGuest guest = new EchoGuest(machine.guest());
    RequestDriver driver = guest.bind(transport(machine, "probe"), true);
    for (int i = 0; i < 200; i++) {
      guest.exchange(driver, 1, 1, EchoGuest.BUSY);
      if (i % 20 == 0) {
        // Long enough for the loop to fall asleep.
        LockSupport.parkNanos(2_000_000);
      }
    }
    assertThat(machine.guest().ledger().get(Event.KICKS)).isPositive();
    // Only a loop that sleeps takes them.
    assertThat(device().tally().get(Event.KICKS)).isPositive();
  }

  @Test
  void aDeviceThatIsAwakeIsNotKicked() throws IOException {
    serve(Map.of("probe", probe), Duration.ofSeconds(1));
    VhostUserGuest machine = machine();
    EchoGuest guest = new EchoGuest(machine.guest());
    guest.exchange(guest.bind(transport(machine, "probe"), true), 5_000, 1, EchoGuest.BUSY);
    assertThat(machine.guest().ledger().get(Event.KICKS_SUPPRESSED))
        .isGreaterThan(10 * machine.guest().ledger().get(Event.KICKS));
  }

  @Test
  void aGuestThatLooksByItselfIsNotCalled() throws IOException {
    serve(probe);
    VhostUserGuest machine = machine();
    GuestHeap heap = machine.guest().heap();
    VhostUserTransport device = transport(machine, "probe");
    DriverQueue queue = live(device, heap, 0);
    queue.disableSignals();
    for (int i = 0; i < 20; i++) {
      request(device, queue, heap, 64);
      awaitHost("echo", queue::hasUsed);
      assertThat(queue.nextUsed()).isZero();
    }
    host.loop().execute(() -> {});
    assertThat(device().tally().get(Event.INTERRUPTS)).isZero();

    assertThat(queue.enableSignals()).isFalse();
    request(device, queue, heap, 64);
    awaitHost("call", () -> device().tally().get(Event.INTERRUPTS) == 1);
    device.status(0);
  }

  @ParameterizedTest
  @CsvSource({"0, true", "0, false", "30000, true", "30000, false"})
  void noSignalIsLostWhateverTheTiming(long spinNanos, boolean eventIdx) throws IOException {
    SplittableRandom random = new SplittableRandom(spinNanos + 1);
    serve(Map.of("probe", probe), Duration.ofNanos(spinNanos));
    probe.behave((queue, chain, budget) -> {
      int limit = budget;
      switch (random.nextInt(16)) {
        case 0 -> limit = 1 + random.nextInt(4);
        case 1 -> EchoGuest.spin(random.nextInt(4_000));
        case 2 -> LockSupport.parkNanos(1_000);
        default -> {}
      }
      return ProbeDevice.echo(queue, chain, Math.min(limit, budget));
    });
    VhostUserGuest machine = machine();
    EchoGuest guest = new EchoGuest(machine.guest());
    RequestDriver driver = guest.bind(transport(machine, "probe"), eventIdx);
    EchoGuest.Pace pace = EchoGuest.random(spinNanos);
    SplittableRandom bursts = new SplittableRandom(3);
    for (int i = 0; i < 24; i++) {
      guest.exchange(driver, 1_300, 1 + bursts.nextInt(17), pace);
    }
    // Few at a time, none behind them: a signal that is lost is missed by nobody else's.
    guest.patience(64);
    for (int i = 0; i < 1_000; i++) {
      guest.exchange(driver, 2, 2, EchoGuest.BUSY);
    }
    assertThat(device().tally().get(Event.IOS)).isEqualTo(24 * 1_300 + 2_000);
  }

  @Test
  void aConfigurationThatChangesIsHeardOfAndRead() throws IOException {
    serve(probe);
    VhostUserGuest machine = machine();
    VhostUserTransport device = transport(machine, "probe");
    AtomicInteger heard = new AtomicInteger();
    device.onConfigChange(heard::incrementAndGet);
    DriverQueue _ = live(device, machine.guest().heap(), 0);
    int before = device.configGeneration();
    for (int i = 1; i <= 5; i++) {
      probe.config().set(4, 4, 0x0403_0200L + i);
      probe.context().configChanged();
      int times = i;
      assertThat(machine.guest().run(() -> heard.get() == times, EchoGuest.LIMIT)).isTrue();
      assertThat(device.config(4, 4)).isEqualTo(0x0403_0200L + i);
      assertThat(device.config(5, 1)).isEqualTo(0x02);
      assertThat(device.configGeneration()).isEqualTo(before + i);
    }
    device.status(0);
  }

  // Several devices, coming and going.

  @Test
  void twoDevicesShareAGuestsMemory() throws IOException {
    serve(Map.of("first", probe, "second", new ProbeDevice(3)), LoopsConfig.single().spin());
    VhostUserGuest machine = machine();
    EchoGuest guest = new EchoGuest(machine.guest());
    RequestDriver first = guest.bind(transport(machine, "first"), true);
    RequestDriver second = guest.bind(transport(machine, "second"), false);
    for (int i = 0; i < 20; i++) {
      guest.exchange(first, 100, 7, EchoGuest.BUSY);
      guest.exchange(second, 100, 3, EchoGuest.BUSY);
    }
    first.remove();
    guest.exchange(second, 100, 3, EchoGuest.BUSY);
  }

  @Test
  void devicesComeAndGoWhileTheGuestRuns() throws IOException {
    serve(Map.of("stays", new ProbeDevice(1)), LoopsConfig.single().spin());
    VhostUserGuest machine = machine();
    EchoGuest guest = new EchoGuest(machine.guest());
    RequestDriver stays = guest.bind(transport(machine, "stays"), true);
    long before = machine.guest().heap().inUse();
    for (int i = 0; i < 10; i++) {
      Slot slot = host.bus().plug("probe", new ProbeDevice(1));
      VhostUserTransport transport = transport(machine, "probe");
      RequestDriver driver = guest.bind(transport, true);
      guest.exchange(driver, 50, 5, EchoGuest.BUSY);
      send(driver);
      host.bus().unplug(slot);
      guest.await("its end", () -> transport.deviceId() == 0);
      driver.remove();
      assertThat(machine.guest().heap().inUse()).isEqualTo(before);
      guest.exchange(stays, 50, 5, EchoGuest.BUSY);
    }
  }

  @Test
  void afterAResetNothingRuns() throws IOException {
    AtomicInteger polling = new AtomicInteger();
    probe.behave((queue, chain, budget) -> {
      polling.incrementAndGet();
      LockSupport.parkNanos(1_000_000);
      int done = ProbeDevice.echo(queue, chain, budget);
      polling.decrementAndGet();
      return done;
    });
    serve(probe);
    VhostUserGuest machine = machine();
    VhostUserTransport device = transport(machine, "probe");
    for (int i = 1; i <= 5; i++) {
      DriverQueue queue = live(device, machine.guest().heap(), 0);
      request(device, queue, machine.guest().heap(), 64);
      LockSupport.parkNanos(500_000);
      device.status(0);
      assertThat(polling).as("the reset returned").hasValue(0);
      assertThat(probe.stops()).isEqualTo(probe.starts());
      assertThat(device().running()).isFalse();
    }
  }

  @Test
  void aFrontEndThatIsGoneLeavesNothingRunningAndTheNextIsServed() throws IOException {
    AtomicInteger polls = new AtomicInteger();
    probe.behave((queue, chain, budget) -> {
      polls.incrementAndGet();
      EchoGuest.spin(20_000);
      return ProbeDevice.echo(queue, chain, 1);
    });
    serve(probe);
    for (int round = 0; round < 10; round++) {
      try (VhostUserGuest machine = new VhostUserGuest(MEMORY)) {
        EchoGuest guest = new EchoGuest(machine.guest());
        try (Frontend frontend = Frontend.connect(host.socket("probe"), Frontend.LIMIT)) {
          VhostUserTransport transport =
              machine.device(frontend, ProbeDevice.DEVICE_ID, "probe", QUEUE);
          RequestDriver driver = guest.bind(transport, round % 2 == 0);
          guest.exchange(driver, 100, 3, EchoGuest.BUSY);
          while (driver.free() > 0) {
            driver.submit(driver.take());
          }
          driver.publish();
          EchoGuest.spin(100_000L * (round % 3));
        }
        awaitHost("detach", () -> !device().running() && device().status() == 0);
        int atEnd = polls.get();
        assertThat(probe.stops()).isEqualTo(probe.starts());
        probe.context().configChanged();
        LockSupport.parkNanos(2_000_000);
        assertThat(polls).hasValue(atEnd);
      }
    }
  }

  // Lies.

  @Test
  void aBadRingBreaksOnlyItsQueueAndAResetMendsIt() throws IOException {
    serve(new ProbeDevice(2));
    VhostUserGuest machine = machine();
    GuestHeap heap = machine.guest().heap();
    VhostUserTransport device = transport(machine, "probe");
    AtomicInteger told = new AtomicInteger();
    for (int round = 1; round <= 3; round++) {
      long features = VirtioInit.negotiate(device, Feature.VERSION_1.mask());
      device.onConfigChange(told::incrementAndGet);
      RawRing lying =
          RawRing.place(
              heap.memory(),
              VhostUserGuest.MEMORY_BASE,
              heap.gpa(heap.allocate(RawRing.bytes(QUEUE), 4096)),
              QUEUE);
      DriverQueue honest = DriverQueue.create(1, QUEUE, features, 0, heap, new Ledger());
      device.enableQueue(0, lying.addresses(), 1, () -> {});
      device.enableQueue(1, honest.addresses(), 1, () -> {});
      VirtioInit.driverOk(device);
      assertThat(device.status() & DeviceStatus.NEEDS_RESET).isZero();

      lying.desc(0, VhostUserGuest.MEMORY_BASE + MEMORY - 4, 8, 0, 0);
      lying.offer(0);
      int before = told.get();
      device.kick(0);
      assertThat(
              machine
                  .guest()
                  .run(
                      () ->
                          told.get() > before && (device.status() & DeviceStatus.NEEDS_RESET) != 0,
                      EchoGuest.LIMIT))
          .isTrue();
      assertThat(device().fault(0)).isEqualTo(RingFault.ADDRESS_OUTSIDE_MEMORY);
      assertThat(device().fault(1)).isNull();
      request(device, honest, heap, 64);
      awaitHost("the other queue", honest::hasUsed);

      device.status(0);
      assertThat(device.status()).isZero();
    }
  }

  @Test
  void aRingOutsideOfSharedMemoryIsNotEvenSent() throws IOException {
    serve(probe);
    VhostUserGuest machine = machine();
    VhostUserTransport device = transport(machine, "probe");
    long _ = VirtioInit.negotiate(device, Feature.VERSION_1.mask());
    VirtQueue.Addresses nowhere = new VirtQueue.Addresses(QUEUE, 0x1000, 0x2000, 0x3000);
    device.enableQueue(0, nowhere, 1, () -> {});
    assertThat(catchThrowable(() -> VirtioInit.driverOk(device)))
        .hasMessage("probe: address 0x1000 is in no memory that is shared");
    device.status(0);
    EchoGuest guest = new EchoGuest(machine.guest());
    guest.exchange(guest.bind(device, true), 100, 5, EchoGuest.BUSY);
  }
}
