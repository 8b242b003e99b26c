package org.vbus.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vbus.bench.BenchFailure;

/// Huge pages of 2 MB, which DPDK has its memory in. What is free is used; what is missing is
/// reserved, if that is permitted, until the end.
public final class HugePages {
  private static final Path COUNT =
      Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
  private static final Path FREE = COUNT.resolveSibling("free_hugepages");

  private HugePages() {}

  /// Sees to it that `pages` are free.
  ///
  /// @throws BenchFailure with what to do
  public static void need(int pages, Children children) {
    try {
      int free = number(FREE);
      if (free >= pages) {
        return;
      }
      int before = number(COUNT);
      int wanted = before + pages - free;
      if (Files.isWritable(COUNT)) {
        Files.writeString(COUNT, Integer.toString(wanted));
        children.afterwards(() -> restore(before));
      }
      if (number(FREE) < pages) {
        throw new BenchFailure(
            "%d huge pages of 2 MB are free, %d are needed: as root, echo %d > %s"
                .formatted(number(FREE), pages, wanted, COUNT));
      }
    } catch (IOException e) {
      throw new BenchFailure("no huge pages: " + e.getMessage(), e);
    }
  }

  private static int number(Path file) throws IOException {
    return Integer.parseInt(Files.readString(file).strip());
  }

  private static void restore(int pages) {
    try {
      Files.writeString(COUNT, Integer.toString(pages));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
