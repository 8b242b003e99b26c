package org.vbus.tests.system;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What is between two guests.
interface GuestNetwork extends AutoCloseable {
  /// Adds a guest's card. The second guest is plugged after the first one was started.
  ///
  /// @param side 0 or 1
  GuestBuilder plug(GuestBuilder guest, int side);

  @Override
  void close();

  /// The address of a side's card.
  static String mac(int side) {
    return "52:54:00:00:00:0" + (side + 1);
  }

  /// A socket between both QEMUs.
  static GuestNetwork stream(Path dir) {
    Path socket = dir.resolve("stream");
    String netdev = "stream,addr.type=unix,addr.path=" + socket;
    return new GuestNetwork() {
      @Override
      public GuestBuilder plug(GuestBuilder guest, int side) {
        if (side == 1) {
          HostProcess.await("socket of the first guest", () -> Files.exists(socket));
        }
        return guest.nic(netdev + (side == 0 ? ",server=on" : ",server=off"), mac(side));
      }

      @Override
      public void close() {
        socket.toFile().delete();
      }
    };
  }

  /// Two taps on a Linux bridge. Needs what [Requirements#namespacesAnd] asks for.
  static GuestNetwork bridge() {
    Namespaces namespaces = new Namespaces();
    TapBridge bridge = new TapBridge(namespaces, 2);
    return new GuestNetwork() {
      @Override
      public GuestBuilder plug(GuestBuilder guest, int side) {
        return guest.namespace(bridge.namespace()).nic(TapBridge.netdev(side), mac(side));
      }

      @Override
      public void close() {
        namespaces.close();
      }
    };
  }

  /// DPDK with two vhost-user ports, each frame of one sent out of the other.
  static GuestNetwork testpmd(Path dir) {
    List<Path> sockets = List.of(dir.resolve("port0"), dir.resolve("port1"));
    List<String> ports =
        List.of(Testpmd.backEnd(0, sockets.get(0)), Testpmd.backEnd(1, sockets.get(1)));
    Testpmd forwarder = new Testpmd(dir.resolve("testpmd"), 0, ports, "--forward-mode=io", "-a");
    return new GuestNetwork() {
      @Override
      public GuestBuilder plug(GuestBuilder guest, int side) {
        return guest.vhostUserNic("path=" + sockets.get(side), 1, mac(side));
      }

      @Override
      public void close() {
        forwarder.quit();
      }
    };
  }

  /// The switch of a running `vbus host`, see [GuestLab].
  static GuestNetwork vbus(Path dir, String busOptions, String deviceOptions) {
    GuestLab lab = new GuestLab(dir, 2, busOptions, deviceOptions, "");
    return new GuestNetwork() {
      @Override
      public GuestBuilder plug(GuestBuilder guest, int side) {
        return lab.plug(guest, side, 1);
      }

      @Override
      public void close() {
        lab.close();
      }
    };
  }
}
