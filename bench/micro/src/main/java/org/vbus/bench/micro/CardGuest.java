package org.vbus.bench.micro;

import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetSwitch;

/// A guest with one network card over a loopback, whose processor is whoever calls `guest.poll()`.
final class CardGuest implements AutoCloseable {
  private static final long MEMORY = 32 << 20;
  private static final int QUEUE = 256;

  final Guest guest;
  NetDriver card;
  private final Bus bus;
  private final Slot slot;
  private final Loopback loopback;

  /// Boots the guest; its driver understands only `features`.
  CardGuest(String name, VenetSwitch lan, long mac, int mtu, PollLoop loop, long features) {
    GuestCpu cpu = new GuestCpu();
    bus = new Bus(name, 1);
    slot = bus.plug("eth0", new VenetDevice(name + ".eth0", lan, mac, mtu, 0));
    loopback = new Loopback(bus, LoopMap.single(loop), SignalPolicy.RING, MEMORY, cpu);
    loopback.start();
    guest = new Guest(loopback.guest(), cpu);
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (g, transport) -> {
              card = new NetDriver(g, transport, features, QUEUE);
              return card;
            });
    guest.bus().start();
    while (card == null) {
      guest.poll();
    }
  }

  @Override
  public void close() {
    guest.bus().stop();
    loopback.close();
    bus.unplug(slot);
  }
}
