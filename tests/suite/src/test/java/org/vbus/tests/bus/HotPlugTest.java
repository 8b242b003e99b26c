package org.vbus.tests.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.LogWatch;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;

/// Devices come and go under a guest that keeps them busy.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HotPlugTest {
  private static final int ROUNDS = 200;

  private final Bus bus = new Bus("vm", 4);
  private final AtomicLong completions = new AtomicLong();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final AtomicLong heapAtStart = new AtomicLong();
  private final AtomicLong heapIdle = new AtomicLong(-1);
  private final AtomicLong heapAtEnd = new AtomicLong(-1);

  /// Keeps every driver's requests in flight until told to stop.
  private void traffic(Loopback loopback, GuestCpu cpu) {
    try {
      Guest guest = new Guest(loopback.guest(), cpu);
      heapAtStart.set(guest.heap().inUse());
      guest
          .bus()
          .driver(
              TemplateDevice.DEVICE_ID,
              (g, transport) -> {
                RequestDriver driver =
                    new RequestDriver(g, transport, 32, 64, 1, VirtioDevice.RING_FEATURES);
                driver.onCompletion((token, written) -> completions.incrementAndGet());
                return driver;
              });
      guest.bus().start();
      while (!stop.get()) {
        for (Driver each : guest.bus().drivers()) {
          RequestDriver driver = (RequestDriver) each;
          for (int token; (token = driver.take()) >= 0; ) {
            driver.submit(token);
          }
          driver.publish();
        }
        if (guest.poll() == 0 && !guest.busy()) {
          cpu.halt(50_000_000);
        }
        if (guest.bus().drivers().isEmpty()) {
          heapIdle.set(guest.heap().inUse());
        }
      }
      guest.bus().stop();
      heapAtEnd.set(guest.heap().inUse());
    } catch (Throwable e) {
      failure.set(e);
    }
  }

  private void awaitTraffic(String when) {
    long before = completions.get();
    long deadline = System.nanoTime() + EchoGuest.LIMIT;
    while (completions.get() < before + 100) {
      assertThat(failure.get()).isNull();
      assertThat(System.nanoTime()).as("traffic after %s", when).isLessThan(deadline);
      LockSupport.parkNanos(20_000);
    }
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void trafficResumesAfterEachOfTwoHundredReplugs(SignalPolicy policy) throws InterruptedException {
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.ADAPTIVE);
    loop.start();
    GuestCpu cpu = new GuestCpu();
    Loopback loopback = new Loopback(bus, LoopMap.single(loop), policy, 4 << 20, cpu);
    loopback.start();
    try (LogWatch log = new LogWatch()) {
      Thread north = Thread.ofPlatform().start(() -> traffic(loopback, cpu));
      TemplateDevice model = new TemplateDevice();
      for (int i = 0; i < ROUNDS; i++) {
        Slot slot = bus.plug("hot", model);
        if (i % 4 != 3) {
          awaitTraffic("replug " + i);
        }
        bus.unplug(slot);
        assertThat(slot.device().running()).isFalse();
      }
      bus.plug("last", model);
      awaitTraffic("the last plug");
      stop.set(true);
      north.join();

      assertThat(failure.get()).isNull();
      assertThat(heapAtEnd).hasValue(0);
      assertThat(heapIdle.get()).isIn(-1L, heapAtStart.get());
      assertThat(log.errors()).isEmpty();
    } finally {
      stop.set(true);
      loopback.close();
      loop.close();
    }
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void aGuestThatDidNotLookForManyChangesEndsUpWithWhatIsThere(SignalPolicy policy) {
    try (SteppedHost host = new SteppedHost(policy)) {
      Guest guest = host.guest();
      List<RequestDriver> drivers = new ArrayList<>();
      guest
          .bus()
          .driver(
              ProbeDevice.DEVICE_ID,
              (g, transport) -> {
                drivers.add(new RequestDriver(g, transport, 16, 64, 1, VirtioDevice.RING_FEATURES));
                return drivers.getLast();
              });
      guest.bus().start();
      host.settle(guest);
      Slot gone = host.bus().plug("gone", new ProbeDevice(1));
      Slot replaced = host.bus().plug("replaced", new ProbeDevice(1));
      host.settle(guest);
      assertThat(guest.bus().drivers()).hasSize(2);
      long two = guest.heap().inUse();

      // Far more changes than the event ring holds, while the guest does something else.
      for (int i = 0; i < 300; i++) {
        host.bus().unplug(replaced);
        replaced = host.bus().plug("replaced", new ProbeDevice(1));
      }
      host.bus().unplug(gone);
      host.bus().plug("new", new ProbeDevice(1));
      host.settle(guest);

      assertThat(guest.bus().drivers()).hasSize(2);
      assertThat(guest.heap().inUse()).isEqualTo(two);
      for (Driver each : guest.bus().drivers()) {
        RequestDriver driver = (RequestDriver) each;
        int[] done = new int[1];
        driver.onCompletion((token, written) -> done[0]++);
        driver.submit(driver.take());
        driver.publish();
        host.settle(guest);
        assertThat(done[0]).isEqualTo(1);
      }
    }
  }

  @Test
  void aDeviceThatIsUnpluggedReadsAsNothing() {
    try (SteppedHost host = new SteppedHost(SignalPolicy.RING)) {
      ProbeDevice probe = new ProbeDevice(1);
      Slot slot = host.bus().plug("probe", probe);
      var device = host.device(0);
      device.live(1, 16, 1L << 32);
      host.bus().unplug(slot);

      assertThat(device.read(0)).isZero();
      assertThat(device.status()).isZero();
      device.status(1);
      host.connector().kick(0, 0);
      host.runHost();
      assertThat(slot.device().status()).isZero();
      assertThat(probe.stops()).isEqualTo(1);
    }
  }
}
