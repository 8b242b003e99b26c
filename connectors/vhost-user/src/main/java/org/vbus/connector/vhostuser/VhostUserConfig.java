package org.vbus.connector.vhostuser;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vbus.core.bus.Slot;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Matches;

/// Where front-ends find the devices of a bus.
///
/// @param directory each device has the socket `DIRECTORY/DEVICE.sock`
/// @param socket the socket of the bus's only device, at exactly this path
/// @param role who listens
/// @param mode permissions of sockets that vbus makes
public record VhostUserConfig(
    @Nullable @Doc("directory of the sockets, one DEVICE.sock for each device") String directory,
    @Nullable @Doc("socket of the bus's only device, at exactly this path") String socket,
    @Default("server") @Doc("who listens: vbus (server) or the front-end (client)") Role role,
    @Nullable
        @Matches(value = "([r-][w-][x-]){3}", text = "permissions such as rw-rw----")
        @Doc("permissions of sockets that vbus makes")
        String mode) {
  /// vbus's part in making the connection.
  public enum Role {
    /// vbus listens, the front-end connects.
    SERVER,
    /// The front-end listens, vbus connects, again and again.
    CLIENT
  }

  /// Exactly one of directory and socket.
  public VhostUserConfig {
    if ((directory == null) == (socket == null)) {
      throw new IllegalArgumentException("vhost-user needs either a directory or a socket");
    }
  }

  /// vbus listens at `DIRECTORY/DEVICE.sock`.
  public static VhostUserConfig directory(Path directory) {
    return new VhostUserConfig(directory.toString(), null, Role.SERVER, null);
  }

  /// vbus listens at `path` for the only device of the bus.
  public static VhostUserConfig socket(Path path) {
    return new VhostUserConfig(null, path.toString(), Role.SERVER, null);
  }

  /// The socket of a device.
  Path pathOf(Slot slot) {
    return socket != null
        ? Path.of(socket)
        : Path.of(Objects.requireNonNull(directory), slot.name() + ".sock");
  }
}
