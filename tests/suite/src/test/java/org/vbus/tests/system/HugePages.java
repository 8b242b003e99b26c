package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Huge pages of 2 MB and a place from which DPDK takes them; the machine has its own number again
/// at the end. Needs root.
///
/// With them a front-end of DPDK sends its memory table again, with a larger region, each time it
/// takes more memory while its port is started. Without them, see [Testpmd], it sends it once.
final class HugePages implements AutoCloseable {
  private static final Path COUNT =
      Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
  private static final Path FREE = COUNT.resolveSibling("free_hugepages");

  private final Path place;
  private final long before;

  /// Reserves them.
  ///
  /// @param dir where the file system is mounted, in a directory of its own
  HugePages(Path dir, int pages) {
    try {
      before = number(COUNT);
      Files.writeString(COUNT, "" + (before + pages));
      place = Files.createTempDirectory(dir, "huge");
      if (number(FREE) < pages
          || Run.of("mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "vbus-it", "" + place).status()
              != 0) {
        Files.writeString(COUNT, "" + before);
        Requirements.missing("no " + pages + " huge pages of 2 MB");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What tells DPDK to use them, as far as it needs them. One file holds them all: a front-end can
  /// have no more than eight.
  List<String> dpdk() {
    return List.of("--huge-dir", place.toString(), "--single-file-segments");
  }

  @Override
  public void close() {
    try {
      Run _ = Run.of("umount", place.toString()).ok();
      Files.writeString(COUNT, "" + before);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(Path file) throws IOException {
    return Long.parseLong(Files.readString(file).strip());
  }
}
