package org.vbus.tests.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// The Linux kernel that guests boot, as `tests/setup.sh` unpacked it.
final class GuestKernel {
  /// Of the setup header (Linux, Documentation/arch/x86/boot.rst).
  private static final int SETUP_SECTORS = 0x1f1;

  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24c;

  private final Path image;
  private final Map<String, Path> modules = new TreeMap<>();

  private GuestKernel(Path image, Path modules) throws IOException {
    this.image = image;
    try (Stream<Path> files = Files.walk(modules)) {
      files
          .filter(file -> file.toString().endsWith(".ko"))
          .forEach(file -> this.modules.put(name(file.getFileName().toString()), file));
    }
  }

  /// The kernel in the cache of [Requirements#guestCache].
  static GuestKernel find() {
    Path root = Requirements.guestCache().resolve("kernel");
    try {
      return new GuestKernel(
          only(root.resolve("boot"), "vmlinuz-"), only(root.resolve("lib/modules"), ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path only(Path directory, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst()
          .orElseThrow();
    }
  }

  /// What a BIOS boots.
  Path bzImage() {
    return image;
  }

  /// The ELF file inside, which QEMU enters by PVH: boots in three quarters of the time. It is
  /// extracted once, into the cache.
  Path vmlinux() {
    Path vmlinux = image.resolveSibling("vmlinux" + suffix());
    try {
      if (!Files.exists(vmlinux)) {
        Path part = Files.createTempFile(image.getParent(), "vmlinux", ".part");
        try {
          unpack(payload(Files.readAllBytes(image)), part);
          Files.move(part, vmlinux, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(part);
        }
      }
      return vmlinux;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String suffix() {
    return image.getFileName().toString().substring("vmlinuz".length());
  }

  /// The compressed kernel, without the four bytes behind it that say how large it becomes.
  private static byte[] payload(byte[] image) {
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int start = 512 * (1 + header.get(SETUP_SECTORS)) + header.getInt(PAYLOAD_OFFSET);
    return Arrays.copyOfRange(image, start, start + header.getInt(PAYLOAD_LENGTH) - 4);
  }

  private static void unpack(byte[] payload, Path target) throws IOException {
    int magic = ByteBuffer.wrap(payload).getInt();
    if (magic >>> 16 == 0x1f8b) {
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(payload))) {
        Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
      }
      return;
    }
    String program =
        switch (magic) {
          case 0x02214c18 -> "lz4";
          case 0x28b52ffd -> "zstd";
          case 0xfd377a58 -> "xz";
          default -> throw new IOException("kernel compressed with %08x".formatted(magic));
        };
    Path packed = Files.createTempFile(target.getParent(), "vmlinux", "." + program);
    try {
      Files.write(packed, payload);
      ProcessBuilder builder =
          new ProcessBuilder("sh", "-c", "exec %s -dc %s >%s".formatted(program, packed, target));
      Run _ = Run.of(Duration.ofSeconds(60), builder).ok();
    } finally {
      Files.delete(packed);
    }
  }

  /// Modules and those they need, in an order in which they load. What is built in is left out.
  ///
  /// @return contents by file name
  SequencedMap<String, byte[]> modules(List<String> names) {
    SequencedMap<String, byte[]> ordered = new LinkedHashMap<>();
    names.forEach(name -> add(name, ordered));
    return ordered;
  }

  private void add(String name, SequencedMap<String, byte[]> ordered) {
    Path file = modules.get(name);
    if (file == null) {
      if (builtIn(name)) {
        return;
      }
      throw new IllegalArgumentException("the kernel " + image + " has no module " + name);
    }
    String key = Objects.requireNonNull(file.getFileName()).toString();
    if (ordered.containsKey(key)) {
      return;
    }
    try {
      byte[] content = Files.readAllBytes(file);
      needs(content).forEach(needed -> add(needed, ordered));
      ordered.put(key, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean builtIn(String name) {
    Path root = Objects.requireNonNull(image.getParent()).resolveSibling("lib/modules");
    try (Stream<String> lines =
        Files.lines(only(root, "").resolve("modules.builtin"), ISO_8859_1)) {
      return lines.anyMatch(line -> name(line.substring(line.lastIndexOf('/') + 1)).equals(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The string `depends=` of the section `.modinfo`.
  private static List<String> needs(byte[] module) {
    String text = new String(module, ISO_8859_1);
    int start = text.indexOf("\0depends=") + "\0depends=".length();
    String list = text.substring(start, text.indexOf('\0', start));
    return list.isEmpty() ? List.of() : List.of(list.split(",", -1));
  }

  /// A module's name as `depends=` has it.
  private static String name(String file) {
    return file.substring(0, file.length() - ".ko".length()).replace('-', '_');
  }
}
