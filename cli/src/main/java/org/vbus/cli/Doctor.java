package org.vbus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.vbus.linux.DeviceNodes;
import org.vbus.linux.Kvm;
import org.vbus.linux.Linux;
import org.vbus.stack.StackFile;

/// Examines the machine: one line per finding, each with what to do where something is missing.
final class Doctor {
  private final PrintWriter out;

  Doctor(PrintWriter out) {
    this.out = out;
  }

  void examine() {
    good(
        "JDK",
        Runtime.version()
            + ", "
            + System.getProperty("java.vm.name")
            + ", "
            + System.getProperty("java.home"));
    good(
        "machine",
        Runtime.getRuntime().availableProcessors()
            + " processors, "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    good(
        "plug-ins",
        "connectors "
            + String.join(", ", StackFile.connectors().keySet())
            + "; devices "
            + String.join(", ", StackFile.devices().keySet())
            + "; switches "
            + String.join(", ", StackFile.switches().keySet()));
    good("loopback", "works everywhere: guest and host are threads");
    if (!Linux.supported()) {
      missing(
          "Linux", "not there: only loopback without taps works; run vbus on Linux for the rest");
      return;
    }
    node(
        "/dev/net/tun",
        "taps",
        "load the tun module (modprobe tun)",
        "run as root, or give the process CAP_NET_ADMIN");
    kvm();
    hugePages();
    tool("qemu-system-x86_64", "Linux guests", "apt install qemu-system-x86");
    tool("dpdk-testpmd", "DPDK as a peer", "apt install dpdk-dev");
    tool("ip", "network namespaces", "apt install iproute2");
    xen();
  }

  private void node(String path, String use, String absent, String denied) {
    DeviceNodes.Status status = DeviceNodes.check(Path.of(path));
    if (status.openable()) {
      good(path, use + ": usable");
    } else if (!status.exists()) {
      missing(path, use + ": no such device; " + absent);
    } else {
      missing(path, use + ": " + status.problem() + "; " + denied);
    }
  }

  private void kvm() {
    String problem = Kvm.problem();
    if (problem.isEmpty()) {
      good("/dev/kvm", "KVM guests: usable");
    } else {
      missing("/dev/kvm", "KVM guests: " + problem.replaceFirst("^/dev/kvm: ", ""));
    }
  }

  private void hugePages() {
    try {
      long total = 0;
      long free = 0;
      String size = "";
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        String[] words = line.split("\\s+", -1);
        switch (words[0]) {
          case "HugePages_Total:" -> total = Long.parseLong(words[1]);
          case "HugePages_Free:" -> free = Long.parseLong(words[1]);
          case "Hugepagesize:" -> size = words[1] + " " + words[2].toLowerCase(Locale.ROOT);
          default -> {}
        }
      }
      if (total > 0) {
        good("huge pages", total + " of " + size + ", " + free + " free");
      } else {
        missing("huge pages", "none, which DPDK peers want; sysctl vm.nr_hugepages=512");
      }
    } catch (IOException | NumberFormatException e) {
      missing("huge pages", "cannot tell: " + e.getMessage());
    }
  }

  private void tool(String name, String use, String remedy) {
    String path = System.getenv("PATH");
    for (String dir : (path == null ? "" : path).split(":", -1)) {
      Path candidate = Path.of(dir, name);
      if (Files.isExecutable(candidate)) {
        good(name, use + ": " + candidate);
        return;
      }
    }
    missing(name, use + ": not on PATH; " + remedy);
  }

  private void xen() {
    if (!Files.exists(Path.of("/dev/xen"))) {
      missing("/dev/xen", "Xen grants and event channels: this is no Xen domain; boot under Xen");
      return;
    }
    for (String node : new String[] {"evtchn", "gntdev", "gntalloc", "privcmd"}) {
      node("/dev/xen/" + node, "Xen", "load the xen-" + node + " module", "run as root");
    }
  }

  private void good(String what, String text) {
    line("ok", what, text);
  }

  private void missing(String what, String text) {
    line("--", what, text);
  }

  private void line(String mark, String what, String text) {
    out.println(String.format(Locale.ROOT, "%s %-20s %s", mark, what, text));
  }
}
