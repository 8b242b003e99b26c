package org.vbus.bench.scale;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.vbus.bench.BenchFailure;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;

/// One guest behind a loopback with its bus. It runs on the thread that made it, when that lets it.
final class LoopbackMachine implements AutoCloseable {
  private static final long LIMIT_NANOS = 10_000_000_000L;

  /// For the event rings.
  private static final long OTHER_MEMORY = 1 << 20;

  private final Bus bus;
  private final Loopback boundary;
  private final Guest guest;

  /// @param most cards that it has memory and slots for
  /// @param loop that polls them
  /// @param drives hears of each card that the guest drives
  LoopbackMachine(String name, int most, PollLoop loop, Consumer<NetDriver> drives) {
    bus = new Bus(name, most);
    GuestCpu cpu = new GuestCpu();
    boundary =
        new Loopback(
            bus, LoopMap.single(loop), SignalPolicy.RING, OTHER_MEMORY + most * Cards.MEMORY, cpu);
    boundary.start();
    guest = new Guest(boundary.guest(), cpu);
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (owner, transport) -> {
              NetDriver card = new NetDriver(owner, transport, NetDriver.UNDERSTOOD, Cards.QUEUE);
              drives.accept(card);
              return card;
            });
    guest.bus().start();
  }

  /// Plugs a device and lets the guest run until it is driven.
  ///
  /// @throws BenchFailure when that takes too long
  void plug(String device, DeviceModel model, BooleanSupplier driven) {
    Slot _ = bus.plug(device, model);
    if (!guest.run(driven, LIMIT_NANOS)) {
      throw new BenchFailure("loopback: the guest does not drive " + device);
    }
  }

  void poll() {
    int _ = guest.poll();
  }

  @Override
  public void close() {
    try {
      guest.bus().stop();
    } finally {
      boundary.close();
      for (Slot slot : bus.devices()) {
        bus.unplug(slot);
      }
    }
  }
}
