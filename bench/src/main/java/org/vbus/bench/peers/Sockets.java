package org.vbus.bench.peers;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// Names of the sockets on which a front-end listens.
final class Sockets {
  private Sockets() {}

  /// One for each port.
  static List<Path> of(Path dir, String side, Scenario scenario) {
    return IntStream.range(0, scenario.mode().ports())
        .mapToObj(port -> dir.resolve(side + port + ".sock"))
        .toList();
  }
}
