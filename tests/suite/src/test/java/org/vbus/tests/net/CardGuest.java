package org.vbus.tests.net;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.vbus.connector.kvm.KvmAgent;
import org.vbus.connector.kvm.KvmHost;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.linux.Kvm;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetSwitch;

/// A guest with one network card over a loopback, or under KVM. The thread that calls [#boot(long)]
/// is its processor.
final class CardGuest implements AutoCloseable {
  static final long MAC_A = 0x5254_0000_000aL;
  static final long MAC_B = 0x5254_0000_000bL;
  static final long MAC_C = 0x5254_0000_000cL;

  private static final long MEMORY = 32 << 20;

  final Bus bus;
  final VenetDevice device;
  final GuestCpu cpu = new GuestCpu();
  final Slot slot;
  private final HostConnector boundary;
  private final GuestConnector north;
  Guest guest;
  NetDriver card;

  CardGuest(String name, VenetSwitch lan, long mac, int mtu, LoopMap loops, SignalPolicy policy) {
    bus = new Bus(name, 4);
    device = new VenetDevice(name + ".eth0", lan, mac, mtu, 0);
    slot = bus.plug("eth0", device);
    Loopback loopback = new Loopback(bus, loops, policy, MEMORY, cpu);
    boundary = loopback;
    north = loopback.guest();
    boundary.start();
  }

  /// The same under KVM.
  CardGuest(Kvm kvm, String name, VenetSwitch lan, long mac, LoopMap loops, SignalPolicy policy)
      throws IOException {
    bus = new Bus(name, 4);
    device = new VenetDevice(name + ".eth0", lan, mac, 1500, 0);
    slot = bus.plug("eth0", device);
    KvmHost host = new KvmHost(kvm, bus, loops, policy, KvmOptions.of(MEMORY));
    boundary = host;
    north = new KvmAgent(host, cpu);
    boundary.start();
  }

  /// Binds the driver; it understands only these features.
  void boot(long understood) {
    guest = new Guest(north, cpu);
    guest
        .bus()
        .driver(
            NetDriver.DEVICE_ID,
            (g, transport) -> {
              card = new NetDriver(g, transport, understood, 256);
              return card;
            });
    guest.bus().start();
    while (card == null) {
      guest.poll();
    }
  }

  void boot() {
    boot(NetDriver.UNDERSTOOD);
  }

  /// Polls and runs `work` until `work` says that it is over; halts for at most a millisecond when
  /// there is nothing to do, because `work` may wait for another thread.
  void runUntil(BooleanSupplier over) {
    while (!over.getAsBoolean()) {
      if (guest.poll() == 0 && !guest.busy()) {
        cpu.halt(1_000_000);
      }
    }
  }

  /// Removes the driver; on the processor.
  void shutDown() {
    guest.bus().stop();
  }

  @Override
  public void close() {
    boundary.close();
    bus.unplug(slot);
  }
}
