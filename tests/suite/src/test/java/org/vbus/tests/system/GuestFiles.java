package org.vbus.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The first and only file system of a guest: busybox, `guest/init` of the resources, kernel
/// modules, and programs of this machine with their libraries.
final class GuestFiles {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private final Newc archive = new Newc();
  private final TreeMap<String, Path> copied = new TreeMap<>();

  /// Those that every guest has.
  GuestFiles(GuestKernel kernel, List<String> modules) {
    archive.device("dev/console", 5, 1);
    List.of("proc", "sys", "tmp", "root").forEach(archive::directory);
    archive.file("init", resource("/guest/init"));
    archive.file("bin/busybox", content(BUSYBOX));
    Run.of(BUSYBOX.toString(), "--list")
        .ok()
        .out()
        .lines()
        .filter(applet -> !applet.equals("busybox"))
        .forEach(applet -> archive.link("bin/" + applet, "busybox"));
    SequencedMap<String, byte[]> ordered = kernel.modules(modules);
    ordered.forEach((name, content) -> archive.file("modules/" + name, content));
    archive.file("modules/order", (String.join("\n", ordered.keySet()) + "\n").getBytes(UTF_8));
  }

  /// Adds a file.
  ///
  /// @param path absolute
  void file(String path, byte[] content) {
    archive.file(path.substring(1), content);
  }

  /// Adds a program of this machine under its own path, and the loader and libraries it needs.
  void program(String name) {
    Path program =
        Stream.of(Objects.requireNonNull(System.getenv("PATH")).split(":", -1))
            .map(dir -> Path.of(dir, name))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(name + " is not installed"));
    copy(program.toString());
    Run.of("ldd", program.toString())
        .ok()
        .out()
        .lines()
        .flatMap(line -> Stream.of(line.strip().split("\\s+", -1)))
        .filter(word -> word.startsWith("/"))
        .forEach(this::copy);
  }

  private void copy(String path) {
    if (copied.put(path, Path.of(path)) == null) {
      archive.file(path.substring(1), content(Path.of(path)));
    }
  }

  /// The archive.
  byte[] end() {
    return archive.end();
  }

  private static byte[] content(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(GuestFiles.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
