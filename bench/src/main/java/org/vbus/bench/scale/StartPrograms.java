package org.vbus.bench.scale;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.peers.Packages;
import org.vbus.bench.peers.Programs;

/// The programs whose starts are compared, as their users start them.
final class StartPrograms {
  private static final String STORAGE_DAEMON = "qemu-storage-daemon";
  private static final long DISK = 16 << 20;

  private final Path dir;
  private final List<Program> all = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();

  /// @param dir for sockets and files
  StartPrograms(Path dir) {
    this.dir = dir;
  }

  /// Those that are there.
  ///
  /// @param launcher the script `vbus`
  /// @param command how that starts it, in words
  List<Program> find(Path launcher, List<String> command) {
    ours(launcher, command);
    storageDaemon();
    testpmd();
    return all;
  }

  /// Why others are not.
  List<String> leftOut() {
    return leftOut;
  }

  private Path socket(String name) {
    return dir.resolve(name + ".sock");
  }

  private void ours(Path launcher, List<String> command) {
    Map<String, String> environment = Map.of("VBUS_NO_BUILD", "1", "VBUS_LOG", "WARN");
    Path hostSocket = socket("host");
    Path file =
        write(
            "start.conf",
            """
            switches { lan { } }
            buses {
              vm {
                connector { vhost-user { socket = "%s" } }
                devices { eth0 { model = venet, switch = lan } }
              }
            }
            """
                .formatted(hostSocket));
    Path deviceSocket = socket("device");
    List<String> device = List.of("device", "net", "--socket-path=" + deviceSocket);
    List<String> host = List.of("host", "--status", "0", file.toString());
    List<String> script = List.of(launcher.toString());
    add("vbus device net", words(script, device), environment, deviceSocket);
    add("vbus host", words(script, host), environment, hostSocket);
    add("vbus host, without the script", words(command, host), environment, hostSocket);
  }

  private void add(String name, List<String> words, Map<String, String> environment, Path socket) {
    all.add(new Program(name, words, environment, socket, NetGuest::new));
  }

  private static List<String> words(List<String> first, List<String> rest) {
    List<String> words = new ArrayList<>(first);
    words.addAll(rest);
    return words;
  }

  private Path write(String name, String text) {
    Path file = dir.resolve(name);
    try {
      Files.writeString(file, text);
      return file;
    } catch (IOException e) {
      throw new BenchFailure("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private void storageDaemon() {
    Path program = Programs.find(STORAGE_DAEMON).orElse(null);
    if (program == null) {
      leftOut.add(STORAGE_DAEMON + " is not there; install it: apt-get install qemu-system-common");
      return;
    }
    Path disk = dir.resolve("disk.raw");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK);
    } catch (IOException e) {
      throw new BenchFailure("cannot make " + disk + ": " + e.getMessage(), e);
    }
    Path socket = socket("qsd");
    all.add(
        new Program(
            STORAGE_DAEMON,
            List.of(
                program.toString(),
                "--blockdev",
                "driver=file,node-name=f0,filename=" + disk,
                "--export",
                "type=vhost-user-blk,id=e0,node-name=f0,addr.type=unix,addr.path="
                    + socket
                    + ",writable=on,num-queues=1"),
            Map.of(),
            socket,
            DiskGuest::new));
  }

  /// Without huge pages: what it takes of them would not be in its resident memory.
  private void testpmd() {
    try {
      Path socket = socket("pmd");
      all.add(
          new Program(
              "dpdk-testpmd",
              List.of(
                  Packages.testpmd().toString(),
                  "-l",
                  "0,1",
                  "--no-huge",
                  "-m",
                  "128",
                  "--file-prefix=scale",
                  "--no-pci",
                  "--no-telemetry",
                  "--vdev",
                  "net_vhost0,iface=" + socket + ",queues=1",
                  "--",
                  "-i",
                  "--nb-cores=1",
                  "--total-num-mbufs=16384"),
              Map.of("RUNTIME_DIRECTORY", dir.toString()),
              socket,
              NetGuest::new));
    } catch (BenchFailure e) {
      leftOut.add(String.valueOf(e.getMessage()));
    }
  }
}
