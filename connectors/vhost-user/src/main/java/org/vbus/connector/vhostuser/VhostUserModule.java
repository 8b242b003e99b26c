package org.vbus.connector.vhostuser;

import com.google.inject.AbstractModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.linux.Fd;
import org.vbus.linux.UnixSocket;
import org.vbus.stack.spi.Parts;

/// Connects the devices of a bus to front-ends.
public final class VhostUserModule extends AbstractModule {
  private final String bus;
  private final boolean one;
  private final SocketSource source;

  private interface SocketSource {
    VhostUser.Sockets open() throws IOException;
  }

  /// The front-ends of `bus`.
  public VhostUserModule(String bus, VhostUserConfig config) {
    this.bus = bus;
    this.one = config.directory() == null;
    this.source = () -> sockets(config);
  }

  /// The front-ends of the only device of `bus`, on a socket that this process was started with. A
  /// listening one serves one front-end after the other; a connection serves one, and `ended` hears
  /// on the control thread when it is gone.
  public VhostUserModule(String bus, Fd socket, Runnable ended) {
    this.bus = bus;
    this.one = true;
    this.source =
        () -> {
          UnixSocket given = UnixSocket.adopt(socket);
          return given.isListening()
              ? (slot, around) -> Endpoint.adopting(slot, around, given)
              : (slot, around) -> Endpoint.connected(slot, around, given, ended);
        };
  }

  @Override
  protected void configure() {
    Parts.connector(binder(), bus).toInstance(this::open);
  }

  private VhostUser open(Bus served, LoopMap loops, SignalPolicy policy) throws IOException {
    int devices = served.devices().size();
    if (one && devices != 1) {
      throw new IOException(
          "bus %s: one socket serves one device, there are %d; give a directory instead"
              .formatted(served.name(), devices));
    }
    return new VhostUser(served, loops, policy, source.open());
  }

  private static VhostUser.Sockets sockets(VhostUserConfig config) throws IOException {
    if (config.role() == VhostUserConfig.Role.CLIENT) {
      return (slot, around) -> Endpoint.connecting(slot, around, config.pathOf(slot));
    }
    String directory = config.directory();
    if (directory != null) {
      Files.createDirectories(Path.of(directory));
    }
    return (slot, around) -> Endpoint.listening(slot, around, config.pathOf(slot), config.mode());
  }
}
