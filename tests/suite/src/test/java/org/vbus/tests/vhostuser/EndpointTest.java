package org.vbus.tests.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vbus.connector.vhostuser.VhostUserConfig;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.UnixSocket;

/// How conversations begin and end: one front-end after the other, devices that come and go, and
/// front-ends that listen.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointTest {
  private static final byte[] NONE = {};

  @TempDir private Path dir;

  @Test
  void aSecondFrontEndIsRefusedAfterAWhile() {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1));
        EchoFrontEnd first = new EchoFrontEnd(host.socket(0));
        RawFrontEnd second = RawFrontEnd.to(host.socket(0))) {
      first.ready().echo();
      assertThat(second.isClosed()).isTrue();
      first.echo();
    }
  }

  @Test
  void aSecondFrontEndIsServedWhenTheFirstGoesInTime() {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1));
        EchoFrontEnd first = new EchoFrontEnd(host.socket(0))) {
      first.ready().echo();
      try (EchoFrontEnd second = new EchoFrontEnd(host.socket(0))) {
        first.wire().close();
        second.ready().echo();
      }
    }
  }

  @Test
  void frontEndsComeOneAfterTheOther() {
    ProbeDevice device = new ProbeDevice(1);
    try (EchoHost host = new EchoHost(dir, device)) {
      for (int i = 0; i < 50; i++) {
        try (EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
          front.ready().echo();
        }
      }
    }
    assertThat(device.stops()).isEqualTo(device.starts()).isGreaterThanOrEqualTo(50);
  }

  @Test
  void anUnpluggedDeviceEndsItsConversationAndTakesItsSocketAlong() {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1), new ProbeDevice(1));
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0));
        EchoFrontEnd neighbour = new EchoFrontEnd(host.socket(1))) {
      front.ready().echo();
      neighbour.ready().echo();
      Bus bus = host.stack().bus("vm");
      bus.unplug(bus.devices().getFirst());
      assertThat(front.wire().isClosed()).isTrue();
      assertThat(host.socket(0)).doesNotExist();
      neighbour.echo(10);
    }
  }

  @Test
  void aDevicePluggedLaterHasASocket() {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1))) {
      Bus bus = host.stack().bus("vm");
      for (int i = 0; i < 10; i++) {
        Slot slot = bus.plug("late", new ProbeDevice(1));
        try (EchoFrontEnd front = new EchoFrontEnd(dir.resolve("late.sock"))) {
          front.ready().echo();
          bus.unplug(slot);
          assertThat(front.wire().isClosed()).isTrue();
        }
      }
    }
  }

  @Test
  void aSocketHasThePermissionsThatWereGiven() throws IOException {
    VhostUserConfig config =
        new VhostUserConfig(dir.toString(), null, VhostUserConfig.Role.SERVER, "rw-rw----");
    try (EchoHost host = new EchoHost(dir, config, new ProbeDevice(1))) {
      assertThat(Files.getPosixFilePermissions(host.socket(0)))
          .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
    }
  }

  @Test
  void aFrontEndThatListensLaterIsFoundAndFoundAgain() throws IOException {
    VhostUserConfig config =
        new VhostUserConfig(dir.toString(), null, VhostUserConfig.Role.CLIENT, null);
    try (EchoHost host = new EchoHost(dir, config, new ProbeDevice(1))) {
      for (int i = 0; i < 5; i++) {
        assertThat(host.socket(0)).doesNotExist();
        try (UnixSocket server = UnixSocket.listen(host.socket(0));
            EchoFrontEnd front =
                new EchoFrontEnd(RawFrontEnd.accepted(server), VERSION_1 | PROTOCOL, SIZE)) {
          front.ready().echo(3);
        }
        Files.delete(host.socket(0));
      }
    }
  }

  @Test
  void aFrontEndThatListensGoesOnWhereItsLastConversationEnded() throws IOException {
    VhostUserConfig config =
        new VhostUserConfig(dir.toString(), null, VhostUserConfig.Role.CLIENT, null);
    try (EchoHost host = new EchoHost(dir, config, new ProbeDevice(1));
        UnixSocket server = UnixSocket.listen(host.socket(0));
        EchoFrontEnd front =
            new EchoFrontEnd(RawFrontEnd.accepted(server), VERSION_1 | PROTOCOL, SIZE)) {
      front.ready().echo(3);
      for (int i = 0; i < 5; i++) {
        int base = front.stop();
        // A message that is none makes the back-end hang up and come again.
        front.wire().send(GET_FEATURES, new byte[4]);
        assertThat(front.wire().isClosed()).isTrue();
        front.reconnect(RawFrontEnd.accepted(server)).share().place().base(base);
        front.notify(front.kick().fd(), front.call().fd()).enable(true).echo(3);
      }
    }
  }

  @Test
  void manyFrontEndsTalkAtOnce() {
    ProbeDevice[] devices = new ProbeDevice[8];
    for (int i = 0; i < devices.length; i++) {
      devices[i] = new ProbeDevice(1);
    }
    try (EchoHost host = new EchoHost(dir, devices)) {
      EchoFrontEnd[] fronts = new EchoFrontEnd[devices.length];
      for (int i = 0; i < fronts.length; i++) {
        fronts[i] = new EchoFrontEnd(host.socket(i)).ready();
      }
      for (int i = 0; i < 100; i++) {
        fronts[i % fronts.length].offer(3);
        fronts[(i + 3) % fronts.length].wire().ask(GET_FEATURES, NONE);
        fronts[i % fronts.length].take(3);
      }
      for (EchoFrontEnd front : fronts) {
        front.close();
      }
    }
  }
}
