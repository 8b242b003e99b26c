package org.vbus.tests.bus;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Guest;

/// Neither side allocates a byte per request, whatever the signal policy.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZeroAllocationTest {
  private static final int WARM_UP = 100_000;
  private static final int ROUND = 100_000;

  /// A million requests in a row. The compiler may still change its mind before, which materialises
  /// a few objects once.
  private static final int SILENT_ROUNDS = 10;

  private static final int MOST_ROUNDS = 40;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private int completed;

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  void aMillionRequestsAllocateNothingOnEitherSide(SignalPolicy policy) {
    Bus bus = new Bus("vm", 2);
    bus.plug("echo", new TemplateDevice());
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.ADAPTIVE);
    GuestCpu cpu = new GuestCpu();
    Loopback loopback = new Loopback(bus, LoopMap.single(loop), policy, 4 << 20, cpu);
    loop.start();
    loopback.start();
    try {
      long[] south = new long[1];
      loop.execute(() -> south[0] = Thread.currentThread().threadId());
      Guest guest = new Guest(loopback.guest(), cpu);
      RequestDriver[] bound = new RequestDriver[1];
      guest
          .bus()
          .driver(
              TemplateDevice.DEVICE_ID,
              (g, transport) ->
                  bound[0] =
                      new RequestDriver(g, transport, 256, 64, 1, VirtioDevice.RING_FEATURES));
      guest.bus().start();
      while (bound[0] == null) {
        guest.poll();
      }
      RequestDriver driver = bound[0];
      driver.onCompletion((token, written) -> completed++);
      exchange(guest, cpu, driver, WARM_UP);
      int silent = 0;
      long north = 0;
      long loopBytes = 0;
      for (int round = 0; silent < SILENT_ROUNDS && round < MOST_ROUNDS; round++) {
        long southBefore = threads.getThreadAllocatedBytes(south[0]);
        // The guest's counter last and first: reading another thread's allocates here.
        long northBefore = threads.getCurrentThreadAllocatedBytes();
        exchange(guest, cpu, driver, ROUND);
        north = threads.getCurrentThreadAllocatedBytes() - northBefore;
        loopBytes = threads.getThreadAllocatedBytes(south[0]) - southBefore;
        silent = north == 0 && loopBytes == 0 ? silent + 1 : 0;
      }

      assertThat(silent)
          .as("rounds without a byte; the last one: guest %s, loop %s", north, loopBytes)
          .isEqualTo(SILENT_ROUNDS);
    } finally {
      loopback.close();
      loop.close();
    }
  }

  private void exchange(Guest guest, GuestCpu cpu, RequestDriver driver, int requests) {
    int until = completed + requests;
    int submitted = completed;
    while (completed != until) {
      int token = -1;
      for (int i = 0; i < 64 && submitted < until && (token = driver.take()) >= 0; i++) {
        driver.submit(token);
        submitted++;
      }
      driver.publish();
      if (guest.poll() > 0 || (token >= 0 && submitted < until)) {
        continue;
      }
      if (guest.polling()) {
        // Leaves the core to the loop, should there be only one.
        LockSupport.parkNanos(1);
      } else if (!guest.busy()) {
        cpu.halt();
      }
    }
  }
}
