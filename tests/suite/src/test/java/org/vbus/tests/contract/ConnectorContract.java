package org.vbus.tests.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Waiter;
import org.vbus.fixture.stack.CountingSink;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.LogWatch;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.RecordingConnector;
import org.vbus.fixture.stack.RecordingConnector.Kind;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.driver.RequestDriver;

/// What every connector promises, whatever its boundary: a subclass connects a bus to a guest, the
/// suite is the meaning of *interchangeable*.
///
/// The guest runs on the test's thread, the host on one poll loop.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ConnectorContract {
  private static final long MEMORY = 8L << 20;
  private static final int FIRST_DEVICE_VECTOR = 32;
  private static final int LEVEL_0 = GuestCpu.VECTORS - 4;
  private static final int LEVEL_1 = GuestCpu.VECTORS - 3;

  private final Bus bus = new Bus("vm", 8);
  private final ProbeDevice probe = new ProbeDevice(1);
  private final GuestCpu cpu = new GuestCpu();
  private final CountingSink sink = new CountingSink(cpu);
  private final List<AutoCloseable> open = new ArrayList<>();
  private PollLoop loop;
  private LogWatch log;

  /// Both halves of the connector under test; the host half is not started.
  ///
  /// @param memoryBytes of guest memory
  /// @param interrupts the guest's processor
  protected abstract Boundary connect(
      Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, InterruptSink interrupts);

  /// What the host's loop sleeps on.
  protected Waiter waiter() {
    return new ParkWaiter();
  }

  /// Whether an interrupt that finds its vector pending is lost in it before the guest's processor
  /// here sees it, as in a real local APIC.
  protected boolean interruptsMerge() {
    return false;
  }

  /// So many interrupts were raised.
  private void assertInterrupts(long seen, long raised) {
    if (interruptsMerge()) {
      assertThat(seen).isBetween(Math.min(1, raised), raised);
    } else {
      assertThat(seen).isEqualTo(raised);
    }
  }

  @BeforeEach
  void startWatch() {
    log = new LogWatch();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    if (loop != null) {
      loop.close();
    }
    log.close();
    assertThat(log.errors()).isEmpty();
  }

  private void host(Idle idle) {
    loop = new PollLoop("loop", waiter(), idle);
    loop.start();
  }

  /// A started boundary between the bus and a guest with all interrupts counted.
  private Boundary attach(SignalPolicy policy) {
    if (loop == null) {
      host(Idle.ADAPTIVE);
    }
    Boundary boundary = connect(bus, LoopMap.single(loop), policy, MEMORY, sink);
    open.add(boundary);
    boundary.host().start();
    return boundary;
  }

  private Tally device() {
    return bus.devices().getFirst().device().tally();
  }

  private static void awaitHost(String what, BooleanSupplier done) {
    long deadline = System.nanoTime() + EchoGuest.LIMIT;
    while (!done.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  // Attachment and discovery.

  @Test
  void theBusIsDiscoverable() {
    bus.plug("first", probe);
    bus.plug("second", new ProbeDevice(3));
    GuestConnector guest = attach(SignalPolicy.RING).guest();

    assertThat(guest.read(0, BusRegisters.MAGIC, 4)).isEqualTo(BusRegisters.MAGIC_VALUE);
    assertThat(guest.read(0, BusRegisters.SLOT_COUNT, 4)).isEqualTo(8);
    assertThat(guest.read(0, BusRegisters.POLICY, 4)).isEqualTo(SignalPolicy.RING.code());
    assertThat(guest.read(1, DeviceRegisters.DEVICE_ID, 4)).isEqualTo(ProbeDevice.DEVICE_ID);
    assertThat(guest.read(2, DeviceRegisters.DEVICE_ID, 4)).isEqualTo(ProbeDevice.DEVICE_ID);
    for (int window = 3; window < 12; window++) {
      assertThat(guest.read(window, DeviceRegisters.DEVICE_ID, 4)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void aGuestFindsItsDevicesAndTheirAttributes(SignalPolicy policy) {
    bus.plug("first", probe);
    bus.plug("second", new ProbeDevice(1));
    EchoGuest guest = new EchoGuest(attach(policy).guest(), cpu, true);
    guest.await("both drivers", () -> guest.bound() == 2);

    assertThat(guest.guest().bus().policy()).isEqualTo(policy);
    assertThat(guest.guest().bus().attributes(1))
        .containsEntry("colour", "red")
        .containsEntry("serial", "0815");
  }

  @Test
  void aBusBelongsToOneGuestAtATime() {
    bus.plug("probe", probe);
    attach(SignalPolicy.RING);
    Boundary second = connect(bus, LoopMap.single(loop), SignalPolicy.RING, MEMORY, vector -> {});
    open.add(second);

    assertThatIllegalStateException().isThrownBy(() -> second.host().start());
    EchoGuest guest = new EchoGuest(((Boundary) open.getFirst()).guest(), cpu, true);
    guest.exchange(guest.driver(0), 100, 8, EchoGuest.BUSY);
  }

  // Memory.

  @Test
  void bothSidesSeeTheSameMemory() {
    bus.plug("probe", probe);
    GuestConnector guest = attach(SignalPolicy.POLLED).guest();
    GuestHeap heap = new GuestHeap(guest.memory(), guest.memoryBase());
    RawDevice device = new RawDevice(guest, heap, 0);
    DriverQueue queue = device.live(1, 64, Feature.VERSION_1.mask())[0];
    MemorySegment memory = guest.memory();
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
        guest.kick(0, 0);
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
  }

  // Kicks and register accesses.

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void aKickReachesADeviceThatSleeps(SignalPolicy policy) {
    host(Idle.BLOCK);
    bus.plug("probe", probe);
    EchoGuest guest = new EchoGuest(attach(policy).guest(), cpu, true);
    RequestDriver driver = guest.driver(0);
    for (int i = 0; i < 200; i++) {
      long wakes = loop.ledger().get(Event.WAKES);
      guest.exchange(driver, 1, 1, EchoGuest.BUSY);
      if (i % 20 == 0) {
        // Long enough for the loop to fall asleep.
        LockSupport.parkNanos(2_000_000);
        assertThat(loop.ledger().get(Event.WAKES)).isGreaterThanOrEqualTo(wakes);
      }
    }
    assertThat(loop.ledger().get(Event.WAKES)).isPositive();
    assertThat(guest.guest().ledger().get(Event.KICKS)).isPositive();
  }

  @Test
  void aRegisterAccessStopsTheGuestUntilTheHostHasActedOnIt() {
    AtomicBoolean started = new AtomicBoolean();
    AtomicInteger polling = new AtomicInteger();
    probe.onStart(() -> {
      LockSupport.parkNanos(30_000_000);
      started.set(true);
    });
    probe.behave((queue, chain, budget) -> {
      polling.incrementAndGet();
      LockSupport.parkNanos(1_000_000);
      int done = ProbeDevice.echo(queue, chain, budget);
      polling.decrementAndGet();
      return done;
    });
    bus.plug("probe", probe);
    GuestConnector guest = attach(SignalPolicy.POLLED).guest();
    RawDevice device = new RawDevice(guest, new GuestHeap(guest.memory(), guest.memoryBase()), 0);
    for (int i = 1; i <= 5; i++) {
      started.set(false);
      DriverQueue queue = device.live(1, 64, Feature.VERSION_1.mask())[0];
      assertThat(started).as("DRIVER_OK returned").isTrue();
      device.request(queue, 0, 64);
      guest.kick(0, 0);
      LockSupport.parkNanos(500_000);

      device.status(0);
      assertThat(polling).as("the reset returned").hasValue(0);
      assertThat(probe.stops()).isEqualTo(i);
    }
  }

  // What each signal policy promises.

  @Test
  void directSignalsAreAnInterruptEach() {
    bus.plug("probe", probe);
    EchoGuest guest = new EchoGuest(attach(SignalPolicy.DIRECT).guest(), cpu, false);
    guest.exchange(guest.driver(0), 5_000, 4, EchoGuest.random(1));
    loop.execute(() -> {});

    assertThat(device().get(Event.SIGNALS)).isPositive();
    assertInterrupts(sink.between(FIRST_DEVICE_VECTOR, LEVEL_0), device().get(Event.SIGNALS));
    assertThat(device().get(Event.SIGNALS_COALESCED)).isZero();
    assertThat(sink.of(LEVEL_1)).isZero();
  }

  @Test
  void ringSignalsInterruptOnlyAGuestThatDoesNotLook() {
    bus.plug("first", probe);
    bus.plug("second", new ProbeDevice(1));
    bus.plug("third", new ProbeDevice(1));
    EchoGuest guest = new EchoGuest(attach(SignalPolicy.RING).guest(), cpu, false);
    guest.await("three drivers", () -> guest.bound() == 3);
    guest.await("a quiet guest", () -> !guest.guest().busy());
    long before = sink.of(LEVEL_1);

    // The first signal finds the guest asleep. It takes the interrupt and does not get to poll.
    send(guest.driver(0));
    awaitHost("the interrupt", () -> sink.of(LEVEL_1) == before + 1);
    cpu.step();
    assertThat(guest.guest().busy()).isTrue();

    // From now on it counts as looking: two more devices signal, and are not in its way.
    send(guest.driver(1));
    send(guest.driver(2));
    awaitHost(
        "all signals",
        () ->
            bus.devices().stream()
                .skip(1)
                .allMatch(slot -> slot.device().tally().get(Event.SIGNALS_COALESCED) == 1));
    assertThat(sink.of(LEVEL_1)).isEqualTo(before + 1);

    guest.await(
        "all three",
        () ->
            guest.driver(0).free() == guest.driver(0).depth()
                && guest.driver(1).free() == guest.driver(1).depth()
                && guest.driver(2).free() == guest.driver(2).depth());
    assertThat(sink.of(LEVEL_1)).isEqualTo(before + 1);
    assertThat(sink.between(FIRST_DEVICE_VECTOR, LEVEL_0)).isZero();
  }

  private static void send(RequestDriver driver) {
    driver.submit(driver.take());
    driver.publish();
  }

  @Test
  void polledGuestsAreNeverInterrupted() {
    Slot slot = bus.plug("probe", probe);
    EchoGuest guest = new EchoGuest(attach(SignalPolicy.POLLED).guest(), cpu, false);
    guest.exchange(guest.driver(0), 5_000, 4, EchoGuest.BUSY);
    bus.plug("more", new ProbeDevice(1));
    guest.await("the second device", () -> guest.bound() == 2);
    probe.context().configChanged();
    bus.unplug(slot);
    guest.await("its end", () -> guest.guest().bus().drivers().size() == 1);

    assertThat(sink.all()).isZero();
    assertThat(cpu.ledger().get(Event.INTERRUPTS)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "DIRECT, 0, true, SPLIT",
    "DIRECT, 0, false, PACKED",
    "DIRECT, 30000, false, SPLIT_IN_ORDER",
    "RING, 0, false, SPLIT",
    "RING, 0, true, SPLIT",
    "RING, 0, true, PACKED_IN_ORDER",
    "RING, 30000, true, PACKED",
    "POLLED, 0, true, SPLIT"
  })
  void noSignalIsLostWhateverTheTiming(
      SignalPolicy policy, long spinNanos, boolean eventIdx, RingFormat format) {
    SplittableRandom random = new SplittableRandom(spinNanos + 1);
    host(new Idle(Duration.ofNanos(spinNanos)));
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
    bus.plug("probe", probe);
    EchoGuest guest = new EchoGuest(attach(policy).guest(), cpu, format.features(eventIdx));
    RequestDriver driver = guest.driver(0);
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
    assertThat(device().get(Event.IOS)).isEqualTo(24 * 1_300 + 2_000);
  }

  @Test
  void aHigherLevelIsHandledBeforeAFloodOfALowerOne() {
    int queues = 24;
    bus.plug("probe", new ProbeDevice(ProbeDevice.DEVICE_ID, queues, 16, 0, 0));
    GuestConnector guest = attach(SignalPolicy.RING).guest();
    LeveledGuest levels = new LeveledGuest(guest, cpu, queues, i -> i == queues - 1 ? 0 : 1);
    levels.start();
    for (int i = 0; i < queues - 1; i++) {
      levels.request(i);
    }
    awaitHost("the flood", () -> signals() == queues - 1);
    // The urgent one comes last, when the guest is in the middle of the flood.
    levels.onHandled(count -> {
      if (count == 4) {
        levels.request(queues - 1);
        awaitHost("the urgent one", () -> signals() == queues);
      }
    });
    levels.runUntil(queues);

    assertThat(levels.order().indexOf(queues - 1)).isBetween(4, 4 + 8);
    assertThat(levels.order()).hasSize(queues).doesNotHaveDuplicates();
    assertThat(sink.of(LEVEL_0) + sink.of(LEVEL_1)).isPositive();
  }

  private long signals() {
    return device().get(Event.SIGNALS);
  }

  // The ledger.

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void theLedgerAgreesWithWhatCrossed(SignalPolicy policy) {
    bus.plug("probe", probe);
    RecordingConnector recording = new RecordingConnector(attach(policy).guest());
    EchoGuest guest = new EchoGuest(recording, cpu, false);
    guest.exchange(guest.driver(0), 3_000, 3, EchoGuest.random(5));
    loop.execute(() -> {});
    Tally device = device();
    Tally north = guest.guest().ledger().tally();
    Tally processor = cpu.ledger().tally();

    long kicks = recording.log().stream().filter(a -> a.kind() == Kind.KICK).count();
    assertThat(north.get(Event.KICKS)).isEqualTo(kicks);
    assertThat(north.get(Event.REGISTER_ACCESSES)).isEqualTo(recording.log().size() - kicks);
    assertThat(device.get(Event.IOS)).isEqualTo(3_000);

    long interrupting =
        policy == SignalPolicy.DIRECT
            ? sink.between(FIRST_DEVICE_VECTOR, LEVEL_0)
            : sink.of(LEVEL_1);
    assertInterrupts(interrupting, device.get(Event.SIGNALS) - device.get(Event.SIGNALS_COALESCED));
    // Interrupts that are pending merge, so fewer may divert the guest than were sent.
    cpu.step();
    assertThat(cpu.ledger().get(Event.INTERRUPTS)).isLessThanOrEqualTo(sink.all());
    if (policy == SignalPolicy.POLLED) {
      assertThat(sink.all()).isZero();
      assertThat(processor.get(Event.HALTS)).isZero();
    } else {
      assertThat(processor.get(Event.INTERRUPTS)).isPositive();
    }
  }

  // Plugging, detaching, attaching again.

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void devicesComeAndGoWhileTheGuestRuns(SignalPolicy policy) {
    EchoGuest guest = new EchoGuest(attach(policy).guest(), cpu, true);
    guest.await("an idle guest", () -> policy == SignalPolicy.POLLED || !guest.guest().busy());
    long empty = guest.guest().heap().inUse();
    for (int i = 0; i < 20; i++) {
      int round = i;
      Thread operator =
          Thread.ofPlatform().start(() -> bus.plug("probe" + round, new ProbeDevice(1)));
      guest.await("driver " + i, () -> guest.guest().bus().drivers().size() == 1);
      guest.exchange(guest.driver(i), 50, 5, EchoGuest.BUSY);
      join(operator);
      operator = Thread.ofPlatform().start(() -> bus.unplug(bus.devices().getFirst()));
      guest.await("its end", () -> guest.guest().bus().drivers().isEmpty());
      join(operator);
      assertThat(guest.guest().heap().inUse()).isEqualTo(empty);
    }
    guest.guest().bus().stop();
    assertThat(guest.guest().heap().inUse()).isZero();
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void detachUnderTrafficLeavesNothingRunning(SignalPolicy policy) throws InterruptedException {
    for (int round = 0; round < 10; round++) {
      ProbeDevice slow = new ProbeDevice(1);
      AtomicInteger polls = new AtomicInteger();
      slow.behave((queue, chain, budget) -> {
        polls.incrementAndGet();
        EchoGuest.spin(20_000);
        return ProbeDevice.echo(queue, chain, 1);
      });
      Slot slot = bus.plug("slow" + round, slow);
      GuestCpu processor = new GuestCpu();
      if (loop == null) {
        host(Idle.ADAPTIVE);
      }
      Boundary boundary = connect(bus, LoopMap.single(loop), policy, MEMORY, processor);
      boundary.host().start();
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      CountDownLatch flooding = new CountDownLatch(1);
      Thread north =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  EchoGuest guest = new EchoGuest(boundary.guest(), processor, true);
                  RequestDriver driver = guest.driver(0);
                  for (int i = 0; i < driver.depth(); i++) {
                    driver.submit(driver.take());
                  }
                  driver.publish();
                  flooding.countDown();
                  // No more access to memory, which goes away, but everything else.
                  while (!stop.get()) {
                    boundary.guest().kick(0, 0);
                    boundary.guest().read(1, DeviceRegisters.STATUS, 4);
                    boundary.guest().write(0, BusRegisters.EVENTS_READY, 4, 1);
                    boundary.guest().write(1, DeviceRegisters.QUEUE_SEL, 4, 0);
                  }
                } catch (Throwable e) {
                  failure.set(e);
                  flooding.countDown();
                }
              });
      flooding.await();
      EchoGuest.spin(100_000L * (round % 3));
      boundary.host().close();
      int atClose = polls.get();
      assertThat(slot.device().running()).isFalse();
      assertThat(slot.device().status()).isZero();
      assertThat(slow.stops()).isEqualTo(slow.starts());
      boundary.close();
      slow.context().configChanged();
      LockSupport.parkNanos(2_000_000);
      assertThat(polls).hasValue(atClose);
      stop.set(true);
      north.join();
      assertThat(failure.get()).isNull();
      bus.unplug(slot);
    }
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void aBusThatWasDetachedServesTheNextGuest(SignalPolicy policy) {
    bus.plug("probe", probe);
    host(Idle.ADAPTIVE);
    for (int i = 1; i <= 5; i++) {
      GuestCpu processor = new GuestCpu();
      Boundary boundary = connect(bus, LoopMap.single(loop), policy, MEMORY, processor);
      boundary.host().start();
      EchoGuest guest = new EchoGuest(boundary.guest(), processor, i % 2 == 0);
      guest.exchange(guest.driver(0), 200, 7, EchoGuest.BUSY);
      // One is still in flight when the guest goes.
      send(guest.driver(0));
      boundary.close();

      assertThat(probe.stops()).isEqualTo(i);
      assertThat(boundary.guest().read(1, DeviceRegisters.MAGIC_VALUE, 4)).isZero();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
