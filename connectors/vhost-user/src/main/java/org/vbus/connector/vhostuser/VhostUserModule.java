package org.vbus.connector.vhostuser;

import com.google.inject.AbstractModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vbus.core.bus.Bus;
import org.vbus.core.loop.LoopMap;
import org.vbus.stack.spi.Parts;

/// Connects the devices of a bus to front-ends.
public final class VhostUserModule extends AbstractModule {
  private final String bus;
  private final VhostUserConfig config;

  /// The front-ends of `bus`.
  public VhostUserModule(String bus, VhostUserConfig config) {
    this.bus = bus;
    this.config = config;
  }

  @Override
  protected void configure() {
    Parts.connector(binder(), bus).toInstance((served, loops, policy) -> open(served, loops));
  }

  private VhostUser open(Bus served, LoopMap loops) throws IOException {
    if (config.socket() != null && served.devices().size() != 1) {
      throw new IOException(
          "bus %s: one socket serves one device, there are %d; give a directory instead"
              .formatted(served.name(), served.devices().size()));
    }
    if (config.role() == VhostUserConfig.Role.CLIENT) {
      return new VhostUser(
          served,
          loops,
          (slot, map, control) -> Endpoint.connecting(slot, map, control, config.pathOf(slot)));
    }
    String directory = config.directory();
    if (directory != null) {
      Files.createDirectories(Path.of(directory));
    }
    return new VhostUser(
        served,
        loops,
        (slot, map, control) ->
            Endpoint.listening(slot, map, control, config.pathOf(slot), config.mode()));
  }
}
