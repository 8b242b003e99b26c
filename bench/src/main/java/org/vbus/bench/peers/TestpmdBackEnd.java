package org.vbus.bench.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// DPDK's net_vhost in testpmd.
public final class TestpmdBackEnd implements BackEnd {
  private static final int MEGABYTES = 160;

  private final List<Path> sockets;
  private final Testpmd testpmd;

  /// Starts it.
  public TestpmdBackEnd(Children children, Path program, Scenario scenario, Cores cores) {
    sockets = Sockets.of(children.dir(), "pmd", scenario);
    List<String> vdevs = new ArrayList<>();
    for (Path socket : sockets) {
      vdevs.add(
          "net_vhost%d,iface=%s,queues=%d,client=1"
              .formatted(vdevs.size(), socket, scenario.queues()));
    }
    List<String> options = new ArrayList<>();
    options.add(
        "--forward-mode=" + (scenario.mode() == Mode.GUESTS ? "io" : scenario.mode().text()));
    options.addAll(FrontEnd.queues(scenario.queues()));
    if (scenario.size().isFixed()) {
      options.add("--txpkts=" + scenario.size().text());
    }
    if (scenario.mode() != Mode.GUESTS) {
      options.add("--port-topology=loop");
    }
    testpmd =
        new Testpmd(
            children, program, "pmd", cores.pollOn(cores.backEnd()), MEGABYTES, vdevs, options);
    testpmd.awaitPrompt();
    String _ = testpmd.command("start");
  }

  @Override
  public List<Path> sockets() {
    return sockets;
  }

  @Override
  public Child process() {
    return testpmd.child();
  }

  @Override
  public String thread() {
    return Testpmd.THREAD;
  }

  @Override
  public String version() {
    return testpmd.version();
  }

  @Override
  public void close() {
    testpmd.kill();
  }
}
