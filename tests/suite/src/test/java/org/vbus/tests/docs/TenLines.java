package org.vbus.tests.docs;

import java.io.IOException;
import org.vbus.connector.loopback.LoopbackConfig;
import org.vbus.connector.loopback.LoopbackModule;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Tally;
import org.vbus.stack.BusModule;
import org.vbus.stack.Stack;
import org.vbus.venet.L2SwitchConfig;
import org.vbus.venet.L2SwitchModule;
import org.vbus.venet.VenetConfig;
import org.vbus.venet.VenetModule;

/// The Java example of the README: what stands between the markers stands there too.
final class TenLines {
  private TenLines() {}

  /// A guest with one network card that comes up and goes down again.
  ///
  /// @return what crossed the boundary while it ran
  static Tally run() throws IOException {
    // README: begin
    try (Stack stack =
        Stack.of(
            new L2SwitchModule("lan", L2SwitchConfig.plain()),
            new BusModule("vm1", SignalPolicy.RING),
            new LoopbackModule("vm1", LoopbackConfig.running("forward")),
            new VenetModule("vm1", "eth0", VenetConfig.on("lan")))) {
      stack.start();
      Bus bus = stack.bus("vm1");
      bus.setAttribute(bus.devices().getFirst(), "rate", "100");
      return stack.tally("vm1");
    }
    // README: end
  }
}
