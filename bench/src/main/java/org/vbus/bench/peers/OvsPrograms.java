package org.vbus.bench.peers;

import java.nio.file.Files;
import java.nio.file.Path;

/// The programs of Open vSwitch, installed or unpacked somewhere.
///
/// @param root directory above `usr`
public record OvsPrograms(Path root) {
  private static final String VSWITCHD = "usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk";

  /// Whether they are there.
  boolean exist() {
    return Files.isExecutable(daemon())
        && Files.isExecutable(server())
        && Files.isExecutable(tool())
        && Files.isExecutable(control())
        && Files.exists(schema());
  }

  Path daemon() {
    return root.resolve(VSWITCHD);
  }

  Path server() {
    return root.resolve("usr/sbin/ovsdb-server");
  }

  Path tool() {
    return root.resolve("usr/bin/ovsdb-tool");
  }

  Path control() {
    return root.resolve("usr/bin/ovs-vsctl");
  }

  Path schema() {
    return root.resolve("usr/share/openvswitch/vswitch.ovsschema");
  }

  /// As it says itself, DPDK's included.
  String version() {
    return Programs.run(daemon().toString(), "--version")
        .strip()
        .replaceFirst("^\\S+ \\(([^)]+)\\)", "$1")
        .replaceAll("\\s*\\R\\s*", ", ");
  }
}
