package org.vbus.tests.system;

import java.nio.file.Path;

/// A QEMU for x86-64 that tests use.
enum Qemu {
  /// Debian 12's. Under TCG it crashes with vhost-user-net on PCI with MSI-X.
  V7_2,
  /// The one of Debian 12's backports, which `tests/setup.sh` fetches.
  V10;

  /// What to start.
  Path program() {
    return switch (this) {
      case V7_2 -> Path.of("/usr/bin/qemu-system-x86_64");
      case V10 -> Requirements.guestCache().resolve("qemu10/run");
    };
  }
}
