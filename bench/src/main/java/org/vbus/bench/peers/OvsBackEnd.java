package org.vbus.bench.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Open vSwitch on DPDK: one bridge, one polling thread, the NORMAL action.
///
/// Sockets, database and logs are in the directory of the comparison; nothing of the machine's own
/// Open vSwitch is touched.
public final class OvsBackEnd implements BackEnd {
  /// It takes what it likes of the huge pages unless told not to.
  private static final int MEGABYTES = 200;

  private static final int MOST_MEGABYTES = 300;

  private final Children children;
  private final List<Path> sockets;
  private final OvsPrograms programs;
  private final Path dir;
  private final Child database;
  private final Child daemon;

  /// Starts it and adds the ports.
  public OvsBackEnd(Children children, OvsPrograms programs, Scenario scenario, Cores cores) {
    this.children = children;
    this.programs = programs;
    dir = children.dir();
    sockets = Sockets.of(dir, "ovs", scenario);
    Path file = dir.resolve("conf-" + System.nanoTime() + ".db");
    String _ = run(programs.tool(), "create", file.toString(), programs.schema().toString());
    Path socket = dir.resolve("db.sock");
    database =
        children.start(
            "ovsdb",
            List.of(
                programs.server().toString(),
                file.toString(),
                "--remote=punix:" + socket,
                "--unixctl=" + dir.resolve("ovsdb.ctl"),
                "-vconsole:warn"),
            environment());
    database.await("its socket", () -> socket.toFile().exists());
    control("--no-wait", "init");
    String mask = Long.toHexString(1L << cores.backEnd());
    control(
        "--no-wait",
        "set",
        "Open_vSwitch",
        ".",
        "other_config:dpdk-init=true",
        "other_config:pmd-cpu-mask=0x" + mask,
        "other_config:dpdk-lcore-mask=0x" + mask,
        "other_config:dpdk-socket-mem=" + MEGABYTES,
        "other_config:dpdk-socket-limit=" + MOST_MEGABYTES,
        "other_config:dpdk-extra=--no-pci --file-prefix=ovs --in-memory --single-file-segments");
    daemon =
        children.start(
            "ovs",
            List.of(
                "taskset",
                "-c",
                Integer.toString(cores.backEnd()),
                programs.daemon().toString(),
                "unix:" + socket,
                "--unixctl=" + dir.resolve("ovs.ctl"),
                "-vconsole:warn",
                "-vsyslog:off"),
            environment());
    control("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev");
    for (int port = 0; port < sockets.size(); port++) {
      String name = "vhc" + port;
      control(
          "add-port",
          "br0",
          name,
          "--",
          "set",
          "Interface",
          name,
          "type=dpdkvhostuserclient",
          "options:vhost-server-path=" + sockets.get(port));
    }
  }

  private Map<String, String> environment() {
    String here = dir.toString();
    return Map.of(
        "OVS_RUNDIR", here, "OVS_LOGDIR", here, "OVS_DBDIR", here, "OVS_SYSCONFDIR", here);
  }

  private String run(Path program, String... arguments) {
    List<String> words = new ArrayList<>(List.of(program.toString()));
    words.addAll(List.of(arguments));
    return Programs.run(words, environment(), null);
  }

  private void control(String... arguments) {
    List<String> words = new ArrayList<>(List.of("--db=unix:" + dir.resolve("db.sock")));
    words.add("--timeout=20");
    words.addAll(List.of(arguments));
    String _ = run(programs.control(), words.toArray(String[]::new));
  }

  @Override
  public List<Path> sockets() {
    return sockets;
  }

  @Override
  public Child process() {
    return daemon;
  }

  @Override
  public String thread() {
    return "pmd-c";
  }

  @Override
  public String version() {
    return programs.version();
  }

  @Override
  public void close() {
    children.end(daemon);
    children.end(database);
    boolean _ = dir.resolve("db.sock").toFile().delete();
  }
}
