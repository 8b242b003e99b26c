package org.vbus.linux;

import java.nio.file.Files;
import java.nio.file.Path;

/// Asks whether this process may use a device node, such as `/dev/kvm` or `/dev/net/tun`. Opening
/// is the only honest test: a container's device policy or a missing driver does not show in the
/// file's mode.
public final class DeviceNodes {

  private DeviceNodes() {}

  /// What was found.
  ///
  /// @param exists the path leads to something
  /// @param readable by its mode
  /// @param writable by its mode
  /// @param openable it was opened for reading and writing, and closed again
  /// @param problem why not, as [Errno#describe(int)] says it; empty if openable
  public record Status(
      Path path,
      boolean exists,
      boolean readable,
      boolean writable,
      boolean openable,
      String problem) {}

  /// Opens and closes the node; has no other effect on the devices named above. Never throws for
  /// what it finds.
  public static Status check(Path path) {
    Linux.require();
    int number = Fd.open(path, LibC.O_RDWR | LibC.O_NONBLOCK);
    if (number >= 0) {
      int _ = LibC.close(number);
    }
    return new Status(
        path,
        Files.exists(path),
        Files.isReadable(path),
        Files.isWritable(path),
        number >= 0,
        number >= 0 ? "" : Errno.describe(-number));
  }
}
