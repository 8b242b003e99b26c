package org.vbus.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What systemd and its like tell a service, and what a service tells them (sd_notify(3),
/// sd_listen_fds(3)). Outside of a service everything here does nothing.
public final class ServiceManager {
  private static final int FIRST_FD = 3;

  private ServiceManager() {}

  /// Says something about this service's state, such as `READY=1` or `STOPPING=1`.
  ///
  /// @throws IOException when there is a manager and it cannot be told
  public static void tell(String state) throws IOException {
    String socket = System.getenv("NOTIFY_SOCKET");
    if (socket != null && !socket.isEmpty()) {
      Linux.require();
      UnixSocket.datagram(Path.of(socket), state);
    }
  }

  /// The sockets that the manager opened for this process, in its order.
  ///
  /// @throws IOException when it names one that is not open
  public static List<Fd> sockets() throws IOException {
    List<Fd> sockets = new ArrayList<>();
    int count = inherited(System.getenv(), ProcessHandle.current().pid());
    for (int i = 0; i < count; i++) {
      sockets.add(Fd.inherited(FIRST_FD + i));
    }
    return sockets;
  }

  static int inherited(Map<String, String> environment, long pid) {
    String fds = environment.getOrDefault("LISTEN_FDS", "0");
    boolean ours = Long.toString(pid).equals(environment.get("LISTEN_PID"));
    return ours && fds.matches("[0-9]{1,4}") ? Integer.parseInt(fds) : 0;
  }
}
