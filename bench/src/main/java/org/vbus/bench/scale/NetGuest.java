package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Path;
import org.vbus.bench.BenchFailure;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.DriverException;

/// A guest with one network card behind a vhost-user socket. It runs on the thread that made it.
final class NetGuest implements AutoCloseable {
  private static final long MEMORY = 1 << 20;

  private final VhostUserGuest machine;
  private final Frontend frontend;
  private final NetDriver card;

  /// Connects and brings the card up.
  ///
  /// @throws BenchFailure when that does not work
  NetGuest(Path socket) {
    try {
      machine = new VhostUserGuest(MEMORY);
    } catch (IOException e) {
      throw new BenchFailure("no memory for a guest: " + e.getMessage(), e);
    }
    try {
      frontend = Frontend.connect(socket, Frontend.LIMIT);
    } catch (IOException e) {
      machine.close();
      throw new BenchFailure("no guest at " + socket + ": " + e.getMessage(), e);
    }
    try {
      card =
          new NetDriver(
              machine.guest(),
              machine.device(frontend, NetDriver.DEVICE_ID, "eth0", Cards.QUEUE),
              NetDriver.UNDERSTOOD,
              Cards.QUEUE);
    } catch (DriverException e) {
      frontend.close();
      machine.close();
      throw new BenchFailure("no guest at " + socket + ": " + e.getMessage(), e);
    }
  }

  NetDriver card() {
    return card;
  }

  void poll() {
    int _ = machine.guest().poll();
  }

  @Override
  public void close() {
    try {
      card.remove();
    } catch (DriverException _) {
      // The back-end has gone.
    } finally {
      frontend.close();
      machine.close();
    }
  }
}
