package org.vbus.tests.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.ring.RingFault;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.RawDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;

/// Which loop polls what, and what a device that throws costs.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopsTest {
  private static final long VERSION_1 = 1L << 32;

  @ParameterizedTest
  @ValueSource(strings = {"single", "per device", "per queue"})
  void everyQueueIsPolledByTheLoopOfTheMapAndByNoOther(String name) {
    List<PollLoop> loops = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      loops.add(new PollLoop("loop" + i, new ParkWaiter(), Idle.BLOCK));
      loops.getLast().start();
    }
    BiFunction<Integer, Integer, String> expected =
        switch (name) {
          case "single" -> (slot, queue) -> "loop0";
          case "per device" -> (slot, queue) -> "loop" + slot % 3;
          default -> (slot, queue) -> "loop" + (slot + queue) % 3;
        };
    LoopMap map =
        switch (name) {
          case "single" -> LoopMap.single(loops.getFirst());
          case "per device" -> LoopMap.perDevice(loops);
          default -> LoopMap.perQueue(loops);
        };
    Bus bus = new Bus("vm", 4);
    Map<String, String> polledBy = new ConcurrentHashMap<>();
    for (int slot = 0; slot < 4; slot++) {
      ProbeDevice probe = new ProbeDevice(3);
      int at = slot;
      probe.behave((queue, chain, budget) -> {
        polledBy.merge(
            at + "." + queue.index(),
            Thread.currentThread().getName(),
            (old, now) -> old.contains(now) ? old : old + "," + now);
        return ProbeDevice.echo(queue, chain, budget);
      });
      bus.plug("probe" + slot, probe);
    }
    Loopback loopback = new Loopback(bus, map, SignalPolicy.POLLED, 4 << 20, vector -> {});
    loopback.start();
    try {
      GuestHeap heap = new GuestHeap(loopback.guest().memory(), loopback.guest().memoryBase());
      for (int slot = 0; slot < 4; slot++) {
        RawDevice device = new RawDevice(loopback.guest(), heap, slot);
        DriverQueue[] queues = device.live(3, 16, VERSION_1);
        for (int queue = 0; queue < 3; queue++) {
          for (int i = 0; i < 16; i += 2) {
            device.request(queues[queue], i, 32);
            loopback.guest().kick(slot, queue);
          }
          long deadline = System.nanoTime() + EchoGuest.LIMIT;
          while (device.usedIndex(queues[queue]) < 8) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
          }
          assertThat(polledBy.get(slot + "." + queue)).isEqualTo(expected.apply(slot, queue));
        }
      }
    } finally {
      loopback.close();
      loops.forEach(PollLoop::close);
    }
  }

  @Test
  void aDeviceThatThrowsLosesThatQueueAndNobodyElseAnything() {
    try (SteppedHost host = new SteppedHost(SignalPolicy.DIRECT)) {
      ProbeDevice bad = new ProbeDevice(2);
      host.bus().plug("bad", bad);
      host.bus().plug("good", new ProbeDevice(1));
      RawDevice badDevice = host.device(0);
      RawDevice goodDevice = host.device(1);
      DriverQueue[] badQueues = badDevice.live(2, 16, VERSION_1);
      DriverQueue good = goodDevice.live(1, 16, VERSION_1)[0];
      bad.behave((queue, chain, budget) -> {
        int done = ProbeDevice.echo(queue, chain, budget);
        if (queue.index() == 0 && done > 0) {
          throw new IllegalStateException("a bug");
        }
        return done;
      });
      badDevice.request(badQueues[0], 0, 16);
      badDevice.request(badQueues[1], 1, 16);
      goodDevice.request(good, 2, 16);
      host.runHost();

      assertThat(host.bus().slot(0).device().fault(0)).isEqualTo(RingFault.DEVICE_ERROR);
      assertThat(host.bus().slot(0).device().fault(1)).isNull();
      assertThat(badDevice.status() & DeviceStatus.NEEDS_RESET).isNotZero();
      assertThat(badQueues[0].nextUsed()).as("what was completed is published").isZero();
      assertThat(badQueues[1].nextUsed()).isEqualTo(1);
      assertThat(good.nextUsed()).isEqualTo(2);
      assertThat(goodDevice.status()).isEqualTo(RawDevice.LIVE);

      badDevice.request(badQueues[0], 3, 16);
      badDevice.request(badQueues[1], 4, 16);
      host.runHost();
      assertThat(badQueues[0].hasUsed()).isFalse();
      assertThat(badQueues[1].nextUsed()).isEqualTo(4);

      bad.behave(ProbeDevice::echo);
      DriverQueue again = badDevice.live(2, 16, VERSION_1)[0];
      badDevice.request(again, 5, 16);
      host.runHost();
      assertThat(again.nextUsed()).isEqualTo(5);
    }
  }

  @Test
  void aSignalThatCannotBeSentCostsItsQueueOnly() {
    Bus bus = new Bus("vm", 2);
    PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
    bus.plug("bad", new ProbeDevice(1));
    bus.plug("good", new ProbeDevice(1));
    List<Integer> interrupts = new ArrayList<>();
    try (Loopback loopback =
        new Loopback(
            bus,
            LoopMap.single(loop),
            SignalPolicy.DIRECT,
            1 << 20,
            vector -> {
              if (vector == 40) {
                throw new IllegalStateException("the route is gone");
              }
              interrupts.add(vector);
            })) {
      loopback.start();
      GuestHeap heap = new GuestHeap(loopback.guest().memory(), loopback.guest().memoryBase());
      RawDevice bad = new RawDevice(loopback.guest(), heap, 0);
      RawDevice good = new RawDevice(loopback.guest(), heap, 1);
      DriverQueue badQueue = bad.live(1, 16, VERSION_1)[0];
      DriverQueue goodQueue = good.live(1, 16, VERSION_1)[0];
      bad.signal(0, 40);
      good.signal(0, 41);
      for (int i = 0; i < 3; i++) {
        bad.request(badQueue, i, 16);
        good.request(goodQueue, i, 16);
        loop.doWork();
      }

      assertThat(bus.slot(0).device().fault(0)).isEqualTo(RingFault.DEVICE_ERROR);
      assertThat(good.usedIndex(goodQueue)).isEqualTo(3);
      assertThat(interrupts).containsExactly(41, 41, 41);
    }
  }
}
