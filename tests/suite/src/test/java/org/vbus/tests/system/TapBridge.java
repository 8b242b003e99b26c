package org.vbus.tests.system;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A Linux bridge in a namespace of its own, and taps on it for guests of QEMU.
final class TapBridge {
  private static final String NAME = "br0";

  private final String namespace;

  /// Makes it; it ends with `namespaces`.
  TapBridge(Namespaces namespaces, int taps) {
    namespace = namespaces.make();
    ip("link add " + NAME + " type bridge stp_state 0 forward_delay 0");
    ip("link set " + NAME + " up");
    for (int i = 0; i < taps; i++) {
      ip("tuntap add " + tap(i) + " mode tap vnet_hdr");
      ip("link set " + tap(i) + " master " + NAME + " up");
    }
    Path filter = Path.of("/proc/sys/net/bridge/bridge-nf-call-iptables");
    if (Files.exists(filter)) {
      Run _ = Namespaces.exec(namespace, Duration.ofSeconds(5), "sh", "-c", "echo 0 >" + filter);
    }
  }

  private void ip(String arguments) {
    String[] words = ("ip -n " + namespace + " " + arguments).split(" ", -1);
    Run _ = Run.of(words).ok();
  }

  private static String tap(int index) {
    return "tap" + index;
  }

  /// Where QEMU must run.
  String namespace() {
    return namespace;
  }

  /// QEMU's `-netdev` for a tap.
  static String netdev(int index) {
    return "tap,script=no,downscript=no,ifname=" + tap(index);
  }
}
