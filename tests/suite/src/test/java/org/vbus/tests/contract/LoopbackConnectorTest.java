package org.vbus.tests.contract;

import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;

class LoopbackConnectorTest extends ConnectorContract {
  @Override
  protected Boundary connect(
      Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, InterruptSink interrupts) {
    Loopback loopback = new Loopback(bus, loops, policy, memoryBytes, interrupts);
    return new Boundary() {
      private final GuestConnector guest = loopback.guest();

      @Override
      public HostConnector host() {
        return loopback;
      }

      @Override
      public GuestConnector guest() {
        return guest;
      }

      @Override
      public void close() {
        guest.close();
        loopback.close();
      }
    };
  }
}
