package org.vbus.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.vhostuser.VhostUserModule;
import org.vbus.linux.Fd;
import org.vbus.linux.ServiceManager;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `vbus device net`: one network device as a vhost-user back-end program, with the options that
/// management software expects of such programs.
///
/// Exit status as of [HostCommand]; 0 when the connection of `--fd` has ended.
@Command(
    name = "device",
    description = "Runs one device as a vhost-user back-end.",
    mixinStandardHelpOptions = true,
    subcommands = DeviceCommand.Net.class)
final class DeviceCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  DeviceCommand() {}

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "which device? There is net");
  }

  /// A network device between one front-end and a tap.
  @Command(
      name = "net",
      mixinStandardHelpOptions = true,
      description = {
        "A virtio network device that connects a guest to a tap of this machine.",
        "A socket of systemd (socket activation) needs neither --socket-path nor --fd."
      })
  static final class Net implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @ArgGroup private @Nullable Where where;

    private static final class Where {
      @Option(
          names = {"-s", "--socket-path"},
          paramLabel = "PATH",
          description = "the socket, at exactly this path")
      private @Nullable String path;

      @Option(
          names = "--fd",
          paramLabel = "FD",
          description = "the socket as an inherited descriptor, connected or listening")
      private @Nullable Integer fd;
    }

    @Option(names = "--client", description = "connect to PATH, where the front-end listens")
    private boolean client;

    @Option(names = "--tap", paramLabel = "NAME", description = "tap to connect the guest to")
    private @Nullable String tap;

    @Option(names = "--mac", paramLabel = "MAC", description = "address of the device")
    private @Nullable String mac;

    @Option(
        names = "--mode",
        paramLabel = "MODE",
        description = "permissions of the socket, such as rw-rw----")
    private @Nullable String mode;

    @Option(
        names = "--print-capabilities",
        description = "print what this back-end is, as JSON, and do nothing else")
    private boolean printCapabilities;

    Net() {}

    @Override
    public Integer call() throws Exception {
      if (printCapabilities) {
        spec.commandLine().getOut().println("{\"type\": \"net\"}");
        return 0;
      }
      return new NetBackEnd(connector(), tap, mac, spec.commandLine().getErr()).run();
    }

    private Function<Runnable, VhostUserModule> connector() throws IOException {
      String path = where == null ? null : where.path;
      if (path != null) {
        return ended -> NetBackEnd.at(path, client, mode);
      }
      List<Fd> given = ServiceManager.sockets();
      if (where != null && where.fd != null) {
        Fd inherited = Fd.inherited(where.fd);
        return ended -> new VhostUserModule(NetBackEnd.BUS, inherited, ended);
      }
      if (given.size() != 1) {
        throw new ParameterException(
            spec.commandLine(), "needs --socket-path=PATH or --fd=FD, or one socket of systemd");
      }
      return ended -> new VhostUserModule(NetBackEnd.BUS, given.getFirst(), ended);
    }
  }
}
