package org.vbus.bench.load;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `vbus host` is told for a load: network cards of guests on one learning switch.
final class HostFile {
  private HostFile() {}

  /// Cards that connect to the front-ends that listen at `sockets`.
  ///
  /// @param spin for how long its loop spins, null for as long as loops do by default
  static String connecting(List<Path> sockets, @Nullable Duration spin) {
    StringBuilder text =
        new StringBuilder(
            spin == null ? "" : "loops { spin = %dus }\n".formatted(spin.toNanos() / 1000));
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
