package org.vbus.bench;

import java.util.ArrayList;
import java.util.List;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.guest.Guest;

/// The stack under test: template devices on a bus, one poll loop for all of them, and a guest with
/// one processor, the calling thread.
///
/// Belongs to that thread until it is closed, which ends the loop and gives the memory back.
final class LoopbackStack implements AutoCloseable {
  /// Entries of a queue and, because descriptors are indirect, requests that can be in flight: the
  /// queue depth of a usual disk benchmark. Less than a guest polls in one go, so that a poll ends
  /// with an empty queue and the driver has to ask for a signal again.
  static final int DEPTH = 32;

  /// Bytes of a request, and of its response.
  static final int REQUEST_BYTES = 64;

  private static final long MEMORY_PER_DEVICE = 128 << 10;
  private static final int SIGNAL_LEVEL = 1;

  private final Bus bus;
  private final PollLoop loop;
  private final Loopback loopback;
  private final GuestCpu cpu = new GuestCpu();
  private final Guest guest;
  private final List<RequestDriver> drivers = new ArrayList<>();
  private volatile long loopThread;

  LoopbackStack(Setup setup) {
    Placement.bind(setup.placement().north());
    int devices = setup.devices();
    // Split rings, which nearly all guests use.
    long features =
        VirtioDevice.RING_FEATURES & ~Feature.setOf(Feature.RING_PACKED, Feature.IN_ORDER);
    if (!setup.eventIndex()) {
      features &= ~Feature.EVENT_IDX.mask();
    }
    bus = new Bus("bench", devices, features);
    for (int i = 0; i < devices; i++) {
      bus.plug("echo" + i, new TemplateDevice());
    }
    loop = new PollLoop("bench-loop", new ParkWaiter(), setup.idle());
    loopback =
        new Loopback(
            bus,
            LoopMap.single(loop),
            setup.policy(),
            (1 << 20) + devices * MEMORY_PER_DEVICE,
            cpu);
    loop.start();
    try {
      loop.execute(() -> {
        Placement.bind(setup.placement().south());
        loopThread = Thread.currentThread().threadId();
      });
      loopback.start();
      guest = new Guest(loopback.guest(), cpu);
      guest
          .bus()
          .driver(
              TemplateDevice.DEVICE_ID,
              (owner, transport) -> {
                RequestDriver driver =
                    new RequestDriver(
                        owner,
                        transport,
                        DEPTH,
                        REQUEST_BYTES,
                        SIGNAL_LEVEL,
                        VirtioDevice.RING_FEATURES);
                drivers.add(driver);
                return driver;
              });
      guest.bus().start();
      while (drivers.size() < devices) {
        guest.poll();
      }
    } catch (RuntimeException | Error e) {
      closeHost();
      throw e;
    }
  }

  Guest guest() {
    return guest;
  }

  List<RequestDriver> drivers() {
    return drivers;
  }

  /// Id of the thread that polls the devices.
  long loopThread() {
    return loopThread;
  }

  /// Requests completed by the devices so far; any thread.
  Tally south() {
    Tally sum = Tally.zero();
    for (Slot slot : bus.devices()) {
      sum = sum.plus(slot.device().tally());
    }
    return sum;
  }

  /// All crossings so far, both sides together. The loop is between two passes when it is asked, so
  /// that what it did and what it counted agree.
  Tally tally() {
    Tally[] host = new Tally[1];
    loop.execute(() -> host[0] = south().plus(loop.ledger().tally()));
    return host[0].plus(guest.ledger().tally()).plus(cpu.ledger().tally());
  }

  private void closeHost() {
    loopback.close();
    loop.close();
  }

  @Override
  public void close() {
    try {
      guest.bus().stop();
    } finally {
      closeHost();
    }
  }
}
