package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Linux guests on the switch of a running `./vbus host`, reached by vhost-user.
final class GuestLab implements AutoCloseable {
  private final Path dir;
  private final Path config;
  private final List<LinuxGuest> open = new ArrayList<>();
  private HostProcess host;
  private String chardev = "reconnect=1";

  /// Starts the host.
  ///
  /// @param busOptions further lines of each bus, such as `packed = false`
  /// @param deviceOptions further lines of each device, such as `queues = 2`
  /// @param uplink of the switch, such as `tap = vbus0`, or empty
  GuestLab(Path dir, int guests, String busOptions, String deviceOptions, String uplink) {
    this.dir = dir;
    this.config = dir.resolve("guests.conf");
    StringBuilder text = new StringBuilder();
    text.append("switches { lan { ")
        .append(uplink.isEmpty() ? "" : "uplink { " + uplink + " }")
        .append(" } }\nbuses {\n");
    for (int i = 0; i < guests; i++) {
      text.append(
          """
            vm%d {
              connector { vhost-user { directory = "%s" } }
              signals = direct
              %s
              devices { eth0 { model = venet, switch = lan, mac = "%s", %s } }
            }
          """
              .formatted(i, sockets(i), busOptions, GuestNetwork.mac(i), deviceOptions));
    }
    text.append("}\n");
    try {
      Files.writeString(config, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.host = HostProcess.start(config);
  }

  GuestLab(Path dir, int guests) {
    this(dir, guests, "", "", "");
  }

  /// The other way round: guests listen, and the host connects.
  static GuestLab ofListeningGuests(Path dir, int guests) {
    GuestLab lab = new GuestLab(dir, guests, "connector.vhost-user.role = client", "", "");
    lab.chardev = "server=on,wait=off";
    for (int i = 0; i < guests; i++) {
      boolean _ = lab.sockets(i).toFile().mkdirs();
    }
    return lab;
  }

  private Path sockets(int i) {
    return dir.resolve("vm" + i);
  }

  /// The socket of guest `i`'s card.
  Path socket(int i) {
    return sockets(i).resolve("eth0.sock");
  }

  HostProcess host() {
    return host;
  }

  /// Starts the host again, which must have ended.
  void restartHost() {
    host = HostProcess.start(config);
  }

  /// Gives a guest the card of guest `i`; it waits for the host to come back when that goes away.
  GuestBuilder plug(GuestBuilder guest, int i, int pairs, String... nicOptions) {
    return guest.vhostUserNic(
        "path=" + socket(i) + "," + chardev, pairs, GuestNetwork.mac(i), nicOptions);
  }

  /// Starts guest `i`, which ends with this.
  LinuxGuest guest(int i, UnaryOperator<GuestBuilder> with, int pairs, String... nicOptions) {
    GuestBuilder builder = with.apply(new GuestBuilder(dir, "vm" + i).programs("iperf3"));
    LinuxGuest guest = plug(builder, i, pairs, nicOptions).start();
    open.add(guest);
    return guest;
  }

  /// Starts a QEMU with the card of device `i`, to which guest `from` is going to move.
  LinuxGuest incoming(int i, int from, String... nicOptions) {
    String socket = "path=" + socket(i) + "," + chardev;
    LinuxGuest guest =
        new GuestBuilder(dir, "vm" + i)
            .programs("iperf3")
            .vhostUserNic(socket, 1, GuestNetwork.mac(from), nicOptions)
            .incoming()
            .start();
    open.add(guest);
    return guest;
  }

  LinuxGuest guest(int i, String... nicOptions) {
    return guest(i, UnaryOperator.identity(), 1, nicOptions);
  }

  @Override
  public void close() {
    for (LinuxGuest each : open.reversed()) {
      each.close();
    }
    host.close();
  }
}
