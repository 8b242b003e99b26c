package org.vbus.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.station.StationConfig.Does;

/// This project, as its user starts it: `vbus host FILE` in a JVM of its own.
public final class HostBackEnd implements BackEnd {
  private static final String UP = " is up";

  /// Payload of the longest frame: it is quoted without the frame check sequence.
  private static final int MTU = 1504;

  private final Children children;
  private final List<Path> sockets;
  private final Child child;
  private final String version;

  /// With a loop that spins.
  ///
  /// @param command `vbus`, in words
  /// @param version for reports
  HostBackEnd(
      Children children, List<String> command, String version, Scenario scenario, Cores cores) {
    List<Path> sockets = Sockets.of(children.dir(), "vbus", scenario);
    this(children, command, version, "vbus", configuration(scenario, sockets), sockets, cores);
  }

  /// With a configuration of any kind.
  ///
  /// @param command `vbus`, in words
  /// @param version for reports
  /// @param name of its files, different from those of others
  /// @param sockets that are in the configuration
  public HostBackEnd(
      Children children,
      List<String> command,
      String version,
      String name,
      String configuration,
      List<Path> sockets,
      Cores cores) {
    this.children = children;
    this.version = version;
    this.sockets = List.copyOf(sockets);
    Path file = children.dir().resolve(name + ".conf");
    try {
      Files.writeString(file, configuration);
    } catch (IOException e) {
      throw new BenchFailure("cannot write " + file + ": " + e.getMessage(), e);
    }
    List<String> words = new ArrayList<>();
    words.addAll(List.of("taskset", "-c", Integer.toString(cores.backEnd())));
    words.addAll(command);
    words.addAll(List.of("host", "--status", "0", file.toString()));
    child = children.start(name, words, Map.of());
    child.await("being up", () -> child.said().contains(UP));
  }

  /// What `vbus host` is told.
  static String configuration(Scenario scenario, List<Path> sockets) {
    StringBuilder text = new StringBuilder("loops { spin = 1h }\nswitches { lan { } }\nbuses {\n");
    for (Path socket : sockets) {
      text.append("  vm").append(sockets.indexOf(socket)).append(" {\n");
      text.append("    connector { vhost-user { socket = \"").append(socket);
      text.append("\", role = client } }\n    devices { eth0 { ");
      text.append(device(scenario)).append(", mtu = ").append(MTU);
      text.append(", queues = ").append(scenario.queues()).append(" } }\n  }\n");
    }
    return text.append("}\n").toString();
  }

  private static String device(Scenario scenario) {
    if (scenario.mode() == Mode.GUESTS) {
      return "model = venet, switch = lan";
    }
    Does does =
        switch (scenario.mode()) {
          case RXONLY -> Does.DISCARD;
          case TXONLY -> Does.GENERATE;
          default -> Does.REFLECT;
        };
    String length = scenario.size().isFixed() ? ", length = " + scenario.size().text() : "";
    return "model = station, does = " + does.name().toLowerCase(Locale.ROOT) + length;
  }

  @Override
  public List<Path> sockets() {
    return sockets;
  }

  @Override
  public Child process() {
    return child;
  }

  @Override
  public String thread() {
    return "vbus-loop";
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public void close() {
    children.end(child);
  }
}
