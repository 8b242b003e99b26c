package org.vbus.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.vbus.bench.BenchFailure;

/// Where the peers are: installed, or from Debian packages that are unpacked into a cache without
/// being installed. The cache is `$VBUS_PEER_CACHE`, else `vbus/peers` in `$XDG_CACHE_HOME` or
/// `~/.cache`.
public final class Packages {
  private static final String[] OVS_PACKAGES = {
    "openvswitch-switch-dpdk", "openvswitch-switch", "openvswitch-common"
  };

  private Packages() {}

  /// testpmd.
  ///
  /// @throws BenchFailure with what to install
  public static Path testpmd() {
    return Programs.find("dpdk-testpmd")
        .orElseThrow(() ->
            new BenchFailure("dpdk-testpmd is not there; install it: apt-get install dpdk-dev"));
  }

  /// Open vSwitch, fetched if need be.
  ///
  /// @throws BenchFailure with what to install
  public static OvsPrograms ovs() {
    OvsPrograms installed = new OvsPrograms(Path.of("/"));
    if (installed.exist()) {
      return installed;
    }
    OvsPrograms cached = new OvsPrograms(cache().resolve("ovs"));
    if (!cached.exist()) {
      fetch(cached.root());
    }
    if (!cached.exist()) {
      throw missing("the packages do not hold what is needed");
    }
    return cached;
  }

  private static void fetch(Path to) {
    for (String needed : List.of("apt-get", "dpkg")) {
      if (Programs.find(needed).isEmpty()) {
        throw missing(needed + " is not there to fetch it");
      }
    }
    try {
      Files.createDirectories(cache());
      Path work = Files.createTempDirectory(cache(), "work");
      try {
        List<String> words = new ArrayList<>(List.of("apt-get", "download", "-qq"));
        words.addAll(Arrays.asList(OVS_PACKAGES));
        String _ = Programs.run(words, Map.of(), work);
        Path tree = Files.createDirectory(work.resolve("tree"));
        for (Path deb : files(work)) {
          if (deb.toString().endsWith(".deb")) {
            String _ = Programs.run("dpkg", "-x", deb.toString(), tree.toString());
          }
        }
        Files.move(tree, to);
      } catch (BenchFailure e) {
        throw missing(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      } finally {
        String _ = Programs.run("rm", "-rf", work.toString());
      }
    } catch (IOException e) {
      throw missing("cannot write to " + cache());
    }
  }

  private static List<Path> files(Path dir) {
    try (Stream<Path> list = Files.list(dir)) {
      return list.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static BenchFailure missing(String reason) {
    return new BenchFailure(
        "Open vSwitch with DPDK is not there (%s); install it: apt-get install %s"
            .formatted(reason, OVS_PACKAGES[0]));
  }

  private static Path cache() {
    Map<String, String> environment = System.getenv();
    return Optional.ofNullable(environment.get("VBUS_PEER_CACHE"))
        .map(Path::of)
        .orElseGet(() ->
            Optional.ofNullable(environment.get("XDG_CACHE_HOME"))
                .map(Path::of)
                .orElseGet(() -> Path.of(environment.getOrDefault("HOME", "/root"), ".cache"))
                .resolve("vbus/peers"));
  }
}
