package org.vbus.tests.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Guest;

/// The whole stack in one JVM: bus, loopback, guest, driver, device.
class EchoOverLoopbackTest {
  private static final int REQUESTS = 50_000;

  static Stream<Arguments> policiesAndFormats() {
    return Arrays.stream(SignalPolicy.values())
        .flatMap(
            policy -> Arrays.stream(RingFormat.values()).map(format -> arguments(policy, format)));
  }

  @ParameterizedTest
  @MethodSource("policiesAndFormats")
  void requestsComeBackWithTheirBytes(SignalPolicy policy, RingFormat format) throws Exception {
    Bus bus = new Bus("vm", 8);
    bus.plug("echo", new TemplateDevice());
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.ADAPTIVE);
    GuestCpu cpu = new GuestCpu();
    Loopback loopback = new Loopback(bus, LoopMap.single(loop), policy, 8 << 20, cpu);
    loop.start();
    loopback.start();
    try {
      Guest guest = new Guest(loopback.guest(), cpu);
      List<RequestDriver> drivers = new ArrayList<>();
      guest
          .bus()
          .driver(
              TemplateDevice.DEVICE_ID,
              (g, transport) -> {
                RequestDriver driver =
                    new RequestDriver(g, transport, 64, 64, 1, format.features());
                drivers.add(driver);
                return driver;
              });
      guest.bus().start();
      while (drivers.isEmpty()) {
        guest.poll();
      }
      RequestDriver driver = drivers.getFirst();
      int[] completed = new int[1];
      driver.onCompletion((token, written) -> {
        assertThat(written).isEqualTo(64);
        assertThat(driver.memory().get(ValueLayout.JAVA_LONG, driver.response(token)))
            .isEqualTo(driver.memory().get(ValueLayout.JAVA_LONG, driver.request(token)));
        completed[0]++;
      });
      for (int i = 0; i < REQUESTS; i++) {
        int token = driver.take();
        while (token < 0) {
          if (guest.poll() == 0 && !guest.busy()) {
            cpu.halt();
          }
          token = driver.take();
        }
        driver.memory().set(ValueLayout.JAVA_LONG, driver.request(token), i);
        driver.submit(token);
        driver.publish();
      }
      while (completed[0] < REQUESTS) {
        if (guest.poll() == 0 && !guest.busy()) {
          cpu.halt();
        }
      }
      guest.bus().stop();
      assertThat(guest.heap().inUse()).isZero();
    } finally {
      loopback.close();
      loop.close();
    }
  }

  @Test
  void aClosedLoopbackGivesItsMemoryBack() {
    Bus bus = new Bus("vm", 1);
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.BLOCK);
    Loopback loopback =
        new Loopback(bus, LoopMap.single(loop), SignalPolicy.RING, 1 << 20, new GuestCpu());
    loopback.start();
    assertThat(loopback.mappedBytes()).isEqualTo(1 << 20);
    loopback.close();
    assertThat(loopback.mappedBytes()).isZero();
  }
}
