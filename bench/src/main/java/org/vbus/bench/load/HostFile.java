package org.vbus.bench.load;

import java.nio.file.Path;
import java.util.List;

/// What `vbus host` is told for a load: network cards of guests on one learning switch.
final class HostFile {
  private HostFile() {}

  /// Cards that connect to the front-ends that listen at `sockets`.
  ///
  /// @param spins whether its loop always spins; else it is as loops are by default
  static String connecting(List<Path> sockets, boolean spins) {
    StringBuilder text = new StringBuilder(spins ? "loops { spin = 1h }\n" : "");
    text.append("switches { lan { } }\nbuses {\n");
    for (int i = 0; i < sockets.size(); i++) {
      text.append(
          "  vm%d { connector { vhost-user { socket = \"%s\", role = client } }\n"
              .formatted(i, sockets.get(i)));
      text.append("    devices { eth0 { model = venet, switch = lan } } }\n");
    }
    return text.append("}\n").toString();
  }

  /// Cards to which front-ends connect, each at the socket [#socket] names.
  static String listening(Path directory, int devices) {
    StringBuilder text = new StringBuilder("switches { lan { } }\nbuses {\n");
    for (int i = 0; i < devices; i++) {
      text.append(
          "  vm%d { connector { vhost-user { socket = \"%s\" } }\n"
              .formatted(i, socket(directory, i)));
      text.append("    devices { eth0 { model = venet, switch = lan } } }\n");
    }
    return text.append("}\n").toString();
  }

  static Path socket(Path directory, int device) {
    return directory.resolve("idle" + device + ".sock");
  }
}
