package org.vbus.bench.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.Child;
import org.vbus.bench.peers.Children;
import org.vbus.proxy.driver.NetDriver;

/// Cards of as many guests, each behind a socket of one `vbus host` in a process of its own.
final class VhostCards implements Cards {
  private final Children children;
  private final Path directory;
  private final Child host;
  private final List<NetGuest> guests = new ArrayList<>();

  /// A host with `most` devices, to none of which a guest is attached.
  ///
  /// @param command how to start `vbus`, in words
  VhostCards(Children children, List<String> command, int most) {
    this.children = children;
    this.directory = children.dir().resolve("scale-" + most);
    Path file = children.dir().resolve("scale-" + most + ".conf");
    try {
      Files.writeString(file, configuration(directory, most));
    } catch (IOException e) {
      throw new BenchFailure("cannot write " + file + ": " + e.getMessage(), e);
    }
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of("host", "--status", "0", file.toString()));
    host = children.start("vbus", words, Map.of("VBUS_LOG", "WARN"));
    host.await("being up", () -> host.said().contains(" is up"));
  }

  /// What `vbus host` is told: `most` devices on one bus and one switch, the rest as it is by
  /// default.
  static String configuration(Path directory, int most) {
    StringBuilder text = new StringBuilder("switches { lan { } }\nbuses {\n  vm {\n");
    text.append("    slots = ").append(most).append('\n');
    text.append("    connector { vhost-user { directory = \"").append(directory).append("\" } }\n");
    text.append("    devices {\n");
    for (int i = 0; i < most; i++) {
      text.append("      eth").append(i).append(" { model = venet, switch = lan }\n");
    }
    return text.append("    }\n  }\n}\n").toString();
  }

  @Override
  public void attach() {
    guests.add(new NetGuest(directory.resolve("eth" + guests.size() + ".sock")));
  }

  @Override
  public NetDriver card(int i) {
    return guests.get(i).card();
  }

  @Override
  public void poll(int i) {
    guests.get(i).poll();
  }

  @Override
  public Footprint footprint() {
    return Footprint.of(host.pid());
  }

  @Override
  public OptionalLong liveHeap() {
    return LiveHeap.of(host.pid());
  }

  /// The host ends first: a thousand guests that give their rings back would take their time.
  @Override
  public void close() {
    children.end(host);
    guests.forEach(NetGuest::close);
  }
}
