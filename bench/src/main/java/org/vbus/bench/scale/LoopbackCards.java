package org.vbus.bench.scale;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.vbus.bench.BenchFailure;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;
import org.vbus.stack.EpollWaiter;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;

/// Cards of one guest in this JVM, plugged into its bus while it runs; one poll loop for all.
final class LoopbackCards implements Cards {
  private static final long LIMIT_NANOS = 10_000_000_000L;
  private static final long FIRST_MAC = 0x0200_0000_0001L;

  /// For the event rings, and a little more per device.
  private static final long OTHER_MEMORY = 4 << 20;

  private final Bus bus;
  private final PollLoop loop;
  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private final Loopback boundary;
  private final Guest guest;
  private final List<NetDriver> cards = new ArrayList<>();

  /// A guest without cards, and memory for `most`.
  LoopbackCards(int most) {
    bus = new Bus("scale", most);
    try {
      loop = new PollLoop("scale-loop", new EpollWaiter(), Idle.ADAPTIVE);
    } catch (IOException e) {
      throw new BenchFailure("no poll loop: " + e.getMessage(), e);
    }
    GuestCpu cpu = new GuestCpu();
    boundary =
        new Loopback(
            bus, LoopMap.single(loop), SignalPolicy.RING, OTHER_MEMORY + most * MEMORY, cpu);
    loop.start();
    boundary.start();
    guest = new Guest(boundary.guest(), cpu);
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (owner, transport) -> {
              NetDriver card = new NetDriver(owner, transport, NetDriver.UNDERSTOOD, QUEUE);
              cards.add(card);
              return card;
            });
    guest.bus().start();
  }

  @Override
  public void attach() {
    int number = cards.size();
    String name = "eth" + number;
    Slot _ =
        bus.plug(name, new VenetDevice(name, lan, FIRST_MAC + number, VenetOptions.standard()));
    if (!guest.run(() -> cards.size() > number, LIMIT_NANOS)) {
      throw new BenchFailure("loopback: the guest does not drive " + name);
    }
  }

  @Override
  public NetDriver card(int i) {
    return cards.get(i);
  }

  @Override
  public void poll(int i) {
    int _ = guest.poll();
  }

  @Override
  public Footprint footprint() {
    return Footprint.of(ProcessHandle.current().pid());
  }

  @Override
  public OptionalLong liveHeap() {
    return OptionalLong.of(LiveHeap.here());
  }

  @Override
  public void close() {
    try {
      guest.bus().stop();
    } finally {
      boundary.close();
      loop.close();
      for (Slot slot : bus.devices()) {
        bus.unplug(slot);
      }
    }
  }
}
