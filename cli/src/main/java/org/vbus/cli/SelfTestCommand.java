package org.vbus.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.core.ledger.Event;
import org.vbus.linux.Linux;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Starts and stops a small stack of every part that needs nothing from the machine, then a host
/// and a device as they are started on Linux, each with a guest. The build runs it to train the AOT
/// cache; it also tells whether an installation is whole.
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

  private static final String HOST =
      """
      switches { lan {} }
      buses {
        vm {
          connector { vhost-user { directory = "DIRECTORY" } }
          devices { eth0 { model = venet, switch = lan } }
        }
      }
      """;

  private static final long GUEST_MEMORY = 4 << 20;
  private static final int QUEUE = 64;

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
    if (Linux.supported()) {
      startAsMachinesDo();
    }
    return 0;
  }

  private static void startAsMachinesDo() throws Exception {
    Path dir = Files.createTempDirectory("vbus-selftest");
    Path file =
        Files.writeString(dir.resolve("host.conf"), HOST.replace("DIRECTORY", dir.toString()));
    try {
      serve(dir.resolve("eth0.sock"), "host", "--status=0", file.toString());
      Path socket = dir.resolve("net.sock");
      serve(socket, "device", "net", "--socket-path=" + socket);
    } finally {
      Files.delete(file);
      Files.delete(dir);
    }
  }

  /// Runs a command until a guest has used its device.
  private static void serve(Path socket, String... words) throws Exception {
    StackCommand command = Objects.requireNonNull(PlainWords.of(words));
    FutureTask<Integer> run = new FutureTask<>(command::run);
    Thread.ofPlatform().start(run);
    try {
      while (!Files.exists(socket) && !run.isDone()) {
        Thread.sleep(1);
      }
      try (VhostUserGuest machine = new VhostUserGuest(GUEST_MEMORY);
          Frontend frontend = Frontend.connect(socket, PATIENCE)) {
        new NetDriver(
                machine.guest(),
                machine.device(frontend, NetDriver.DEVICE_ID, "eth0", QUEUE),
                NetDriver.UNDERSTOOD,
                QUEUE)
            .remove();
      }
    } finally {
      command.end();
      int _ = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }
}
