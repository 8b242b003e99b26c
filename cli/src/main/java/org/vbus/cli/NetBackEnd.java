package org.vbus.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.vhostuser.VhostUserConfig;
import org.vbus.connector.vhostuser.VhostUserModule;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.stack.BusModule;
import org.vbus.stack.Stack;
import org.vbus.venet.L2SwitchConfig;
import org.vbus.venet.L2SwitchModule;
import org.vbus.venet.VenetConfig;
import org.vbus.venet.VenetModule;

/// One network device between a vhost-user front-end and a tap.
final class NetBackEnd implements StackCommand {
  static final String BUS = "vhost-user";

  private final Function<Runnable, VhostUserModule> connector;
  private final @Nullable String tap;
  private final @Nullable String mac;
  private final PrintWriter err;
  private final Running running = new Running();

  /// @param connector makes the connector of bus [#BUS] from what it is to run at its end
  /// @param tap its name, null for none
  /// @param mac address of the device, null for one that is derived
  NetBackEnd(
      Function<Runnable, VhostUserModule> connector,
      @Nullable String tap,
      @Nullable String mac,
      PrintWriter err) {
    this.connector = connector;
    this.tap = tap;
    this.mac = mac;
    this.err = err;
  }

  /// A connector with a socket of its own.
  ///
  /// @param client connect to `path` instead of listening there
  /// @param mode permissions of the socket, null for what the process gives
  static VhostUserModule at(String path, boolean client, @Nullable String mode) {
    return new VhostUserModule(
        BUS,
        new VhostUserConfig(
            null, path, client ? VhostUserConfig.Role.CLIENT : VhostUserConfig.Role.SERVER, mode));
  }

  @Override
  public int run() throws Exception {
    L2SwitchConfig lan = L2SwitchConfig.plain();
    VenetConfig card = VenetConfig.on("lan");
    Stack stack =
        Stack.of(
            new L2SwitchModule("lan", tap == null ? lan : lan.withUplink(tap)),
            new BusModule(BUS, SignalPolicy.DIRECT),
            connector.apply(running::end),
            new VenetModule(BUS, "net", mac == null ? card : card.withMac(mac)));
    return running.run(stack, this::up, CountDownLatch::await);
  }

  @Override
  public void end() {
    running.end();
  }

  private void up() {
    String where = tap == null ? ", connected to nothing (see --tap)" : " on " + tap;
    err.println("vbus: device net is up" + where);
  }
}
