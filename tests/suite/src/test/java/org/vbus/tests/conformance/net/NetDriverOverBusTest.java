package org.vbus.tests.conformance.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.conformance.net.NetGuest.MAC;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.Guest;
import org.vbus.tests.conformance.Clause;
import org.vbus.venet.VenetDevice;

/// Our driver and our device with the registers of a slot between them, stepped.
class NetDriverOverBusTest {
  /// Writes down where device windows are written.
  private record Watched(GuestConnector to, List<Integer> written) implements GuestConnector {
    @Override
    public MemorySegment memory() {
      return to.memory();
    }

    @Override
    public long memoryBase() {
      return to.memoryBase();
    }

    @Override
    public long read(int window, int offset, int size) {
      return to.read(window, offset, size);
    }

    @Override
    public void write(int window, int offset, int size, long value) {
      if (window > 0) {
        written.add(offset);
      }
      to.write(window, offset, size, value);
    }

    @Override
    public void kick(int slot, int queue) {
      to.kick(slot, queue);
    }

    @Override
    public void close() {
      to.close();
    }
  }

  @Test
  @Clause("5.1.4.2-R1")
  void theConfigurationIsNeverWritten() {
    Lan lan = new Lan();
    Bus bus = new Bus("vm", 2);
    VenetDevice device = new VenetDevice("vm.eth0", lan.network, MAC, 1500, 0);
    bus.plug("eth0", device);
    GuestCpu cpu = new GuestCpu();
    List<Integer> written = new ArrayList<>();
    try (Loopback loopback =
        new Loopback(bus, LoopMap.single(lan.loop), SignalPolicy.RING, 16 << 20, cpu)) {
      loopback.start();
      Guest guest = new Guest(new Watched(loopback.guest(), written), cpu);
      List<NetDriver> cards = new ArrayList<>();
      guest
          .bus()
          .driver(
              NetDriver.DEVICE_ID,
              (g, transport) -> {
                cards.add(new NetDriver(g, transport));
                return cards.getFirst();
              });
      guest.bus().start();
      settle(lan, guest);
      NetDriver card = cards.getFirst();
      assertThat(card.mac()).isEqualTo(MAC);
      assertThat(card.features())
          .isEqualTo(bus.devices().getFirst().device().offeredFeatures() & NetDriver.UNDERSTOOD);
      List<byte[]> received = new ArrayList<>();
      card.onFrame((segment, off, len) ->
          received.add(segment.asSlice(off, len).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)));
      byte[] in = Frames.frame(MAC, Lan.STATION, Frames.IPV4, 1514);
      lan.inject(in);
      settle(lan, guest);
      assertThat(received).containsExactly(in);
      byte[] out = Frames.frame(Lan.STATION, MAC, Frames.IPV4, 1514);
      assertThat(card.send(MemorySegment.ofArray(out), 0, out.length)).isTrue();
      card.flush();
      settle(lan, guest);
      assertThat(lan.received()).containsExactly(out);
      device.linkUp(false);
      settle(lan, guest);
      assertThat(card.linkUp()).isFalse();
      device.linkUp(true);
      settle(lan, guest);
      assertThat(card.linkUp()).isTrue();
      guest.bus().stop();
      assertThat(guest.heap().inUse()).isZero();
    }
    assertThat(written).isNotEmpty().allMatch(offset -> offset < DeviceRegisters.CONFIG);
  }

  private static void settle(Lan lan, Guest guest) {
    while (lan.loop.doWork() + guest.poll() > 0 || guest.busy()) {
      // until neither side has work
    }
  }
}
