package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Path;
import org.vbus.bench.BenchFailure;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.proxy.driver.BlkDriver;
import org.vbus.proxy.guest.DriverException;

/// A guest with one disk behind a vhost-user socket. It runs on the thread that made it.
final class DiskGuest implements AutoCloseable {
  private static final long MEMORY = 1 << 20;
  private static final int BUFFER = 4096;

  private final VhostUserGuest machine;
  private final Frontend frontend;
  private final BlkDriver disk;

  /// Connects and brings the disk up.
  ///
  /// @throws BenchFailure when that does not work
  DiskGuest(Path socket) {
    try {
      machine = new VhostUserGuest(MEMORY);
      frontend = Frontend.connect(socket, Frontend.LIMIT);
      disk =
          new BlkDriver(
              machine.guest(),
              machine.device(frontend, BlkDriver.DEVICE_ID, "disk", Cards.QUEUE),
              Cards.QUEUE,
              BUFFER);
    } catch (IOException | DriverException e) {
      throw new BenchFailure("no guest at " + socket + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      disk.remove();
    } catch (DriverException _) {
      // The back-end has gone.
    } finally {
      frontend.close();
      machine.close();
    }
  }
}
