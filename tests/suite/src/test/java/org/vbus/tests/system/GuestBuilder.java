package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a guest is to be made of. Without further words: QEMU 7.2, q35, one processor, 128 MB that
/// a vhost-user back-end can map, no network.
final class GuestBuilder {
  private static final List<String> MODULES =
      List.of("virtio_pci", "virtio_mmio", "virtio_console", "virtio_net", "virtio_blk");

  private final Path dir;
  private final String name;
  private Qemu qemu = Qemu.V7_2;
  private boolean microvm;
  private int megabytes = 128;
  private int cpus = 1;
  private String namespace = "";
  private int nics;
  private final List<String> devices = new ArrayList<>();
  private final List<String> modules = new ArrayList<>(MODULES);
  private final List<String> programs = new ArrayList<>();
  private final Map<String, byte[]> files = new TreeMap<>();

  /// Begins a description.
  ///
  /// @param dir where its sockets and logs go
  /// @param name of the guest, for those and for failures
  GuestBuilder(Path dir, String name) {
    this.dir = dir;
    this.name = name;
  }

  GuestBuilder qemu(Qemu version) {
    qemu = version;
    return this;
  }

  /// The machine without PCI: devices are on virtio-mmio.
  GuestBuilder microvm() {
    microvm = true;
    return this;
  }

  GuestBuilder megabytes(int size) {
    megabytes = size;
    return this;
  }

  GuestBuilder cpus(int count) {
    cpus = count;
    return this;
  }

  /// QEMU runs in this network namespace.
  GuestBuilder namespace(String where) {
    namespace = where;
    return this;
  }

  /// Adds a virtio-net card; the first one is `eth0`.
  ///
  /// @param netdev value of `-netdev` without an id
  /// @param mac its address
  /// @param options of the device, such as `mq=on`
  GuestBuilder nic(String netdev, String mac, String... options) {
    String id = "n" + nics++;
    return arguments("-netdev", netdev + ",id=" + id)
        .device("virtio-net", "netdev=" + id + ",mac=" + mac, options);
  }

  /// Adds a virtio-net card whose back-end is a vhost-user back-end.
  ///
  /// @param socket value of `-chardev socket`, such as `path=/run/b.sock,reconnect=1`
  /// @param pairs of queues; with more than one give `mq=on` too
  GuestBuilder vhostUserNic(String socket, int pairs, String mac, String... options) {
    String chardev = "v" + nics;
    arguments("-chardev", "socket,id=" + chardev + "," + socket);
    List<String> all = new ArrayList<>(List.of(options));
    if (qemu == Qemu.V7_2 && !microvm) {
      all.add("vectors=0"); // with MSI-X it crashes
    }
    String netdev = "vhost-user,chardev=" + chardev + ",queues=" + pairs;
    return nic(netdev, mac, all.toArray(String[]::new));
  }

  /// Adds a virtio-blk disk whose back-end is a vhost-user back-end; the first one is `vda`.
  ///
  /// @param socket value of `-chardev socket`
  GuestBuilder vhostUserDisk(String socket, String... options) {
    String chardev = "d" + devices.size();
    return arguments("-chardev", "socket,id=" + chardev + "," + socket)
        .device("vhost-user-blk", "chardev=" + chardev, options);
  }

  /// Adds a virtio device, on PCI or virtio-mmio as the machine has it.
  GuestBuilder device(String type, String first, String... options) {
    String bus = microvm ? "-device," : "-pci,";
    String more = options.length == 0 ? "" : "," + String.join(",", options);
    return arguments("-device", type + bus + first + more);
  }

  /// Adds arguments of QEMU.
  GuestBuilder arguments(String... more) {
    devices.addAll(List.of(more));
    return this;
  }

  /// The guest is not started but comes from another QEMU with the same description, see
  /// [LinuxGuest#moveTo].
  GuestBuilder incoming() {
    return arguments("-incoming", "unix:" + file("incoming"));
  }

  /// Loads further kernel modules.
  GuestBuilder modules(String... more) {
    modules.addAll(List.of(more));
    return this;
  }

  /// Copies programs of this machine, with their libraries.
  GuestBuilder programs(String... more) {
    programs.addAll(List.of(more));
    return this;
  }

  /// Adds a file to the guest's root.
  ///
  /// @param path absolute
  GuestBuilder file(String path, byte[] content) {
    files.put(path, content);
    return this;
  }

  /// Starts QEMU. [LinuxGuest#awaitBoot()] waits until the guest is up.
  LinuxGuest start() {
    GuestKernel kernel = GuestKernel.find();
    GuestFiles root = new GuestFiles(kernel, modules);
    programs.forEach(root::program);
    files.forEach(root::file);
    try {
      // What an earlier guest of that name left.
      for (String kind : List.of("console", "shell", "qmp")) {
        boolean _ = Files.deleteIfExists(file(kind));
      }
      Files.write(file("initrd"), root.end());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return LinuxGuest.start(dir, name, command(kernel));
  }

  private List<String> command(GuestKernel kernel) {
    List<String> words = new ArrayList<>();
    if (!namespace.isEmpty()) {
      words.addAll(List.of("ip", "netns", "exec", namespace));
    }
    String machine = microvm ? "microvm" : "q35";
    // QEMU 10 does not boot a microvm by PVH.
    Path image = microvm && qemu == Qemu.V10 ? kernel.bzImage() : kernel.vmlinux();
    words.addAll(
        List.of(
            qemu.program().toString(),
            "-name",
            name,
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-accel",
            "tcg",
            "-smp",
            "" + cpus,
            "-m",
            megabytes + "M",
            "-object",
            "memory-backend-memfd,id=ram,share=on,size=" + megabytes + "M",
            "-machine",
            machine + ",memory-backend=ram",
            "-global",
            "virtio-mmio.force-legacy=false",
            "-kernel",
            image.toString(),
            "-initrd",
            file("initrd").toString(),
            "-append",
            kernelLine(),
            "-serial",
            "file:" + file("console"),
            "-chardev",
            "socket,id=qmp,server=on,wait=off,path=" + file("qmp"),
            "-mon",
            "chardev=qmp,mode=control",
            "-chardev",
            "socket,id=shell,server=on,wait=off,path=" + file("shell")));
    String bus = microvm ? "-device" : "-pci";
    words.addAll(List.of("-device", "virtio-serial" + bus));
    words.addAll(List.of("-device", "virtserialport,chardev=shell,name=vbus.shell"));
    words.addAll(devices);
    return words;
  }

  private String kernelLine() {
    String line =
        "console=ttyS0 panic=0 quiet no_timer_check cryptomgr.notests mitigations=off nokaslr";
    // A microvm has nothing but a busy host's idea of time to measure its processor with.
    return microvm ? line + " tsc_early_khz=" + HostClock.tscKilohertz() : line;
  }

  private Path file(String kind) {
    return LinuxGuest.file(dir, name, kind);
  }
}
