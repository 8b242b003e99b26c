package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real Linux guests under QEMU whose network cards are vbus devices.
class GuestsOnSwitchIT {
  @TempDir private Path dir;

  @BeforeEach
  void requirements() {
    Requirements.guests();
    Requirements.tools("iperf3");
  }

  @Test
  void guestsReachEachOtherWithoutLoss() {
    try (GuestLab lab = new GuestLab(dir, 2)) {
      LinuxGuest a = lab.guest(0);
      LinuxGuest b = lab.guest(1);
      GuestTraffic traffic = new GuestTraffic(a.awaitBoot(), b.awaitBoot());
      assertThat(traffic.ping(1000)).hasSize(1000);
      assertThat(traffic.iperf("--time 2").getLong("sum_received.bytes")).isGreaterThan(1 << 20);
    }
  }
}
