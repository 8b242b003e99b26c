package org.vbus.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.vbus.core.ledger.Event;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Starts and stops a small stack of every part that needs nothing from the machine. The build runs
/// it to train the AOT cache; it also tells whether an installation is whole.
@Command(name = "selftest", hidden = true, description = "Starts and stops a small stack.")
final class SelfTestCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String CONFIGURATION =
      """
      switches { lan {} }
      buses {
        vm {
          connector { loopback { guest = forward } }
          devices {
            eth0 { model = venet, switch = lan }
            eth1 { model = venet, switch = lan }
            echo { model = template }
          }
        }
      }
      """;

  @Spec private CommandSpec spec = CommandSpec.create();

  SelfTestCommand() {}

  @Override
  public Integer call() throws Exception {
    var out = spec.commandLine().getOut();
    try (Stack stack = StackFile.parse(CONFIGURATION, "selftest")) {
      stack.start();
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!stack.ports().stream().allMatch(port -> port.up())) {
        if (System.nanoTime() > deadline) {
          out.println("selftest: the guest's drivers did not come up");
          return 1;
        }
        Thread.sleep(1);
      }
      new StatusTable(stack).print(out);
      out.println(
          "selftest: good, %d register accesses"
              .formatted(stack.tally("vm").get(Event.REGISTER_ACCESSES)));
    }
    return 0;
  }
}
