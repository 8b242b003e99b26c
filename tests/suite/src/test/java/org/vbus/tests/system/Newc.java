package org.vbus.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.HashSet;
import java.util.Set;

/// Writes an initramfs: the cpio format "newc", with which the kernel fills its first file system
/// (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
///
/// Directories above a file are made as they are needed. All belongs to root.
final class Newc {
  private static final int DIRECTORY = 0_040755;
  private static final int REGULAR = 0_100000;
  private static final int LINK = 0_120777;
  private static final int CHARACTER_DEVICE = 0_020600;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(1 << 22);
  private final Set<String> directories = new HashSet<>();
  private int inode;

  /// Adds a directory and those above it.
  ///
  /// @param path relative to the root, as everywhere here
  Newc directory(String path) {
    if (!path.isEmpty() && directories.add(path)) {
      above(path);
      entry(path, DIRECTORY, 0, 0, new byte[0]);
    }
    return this;
  }

  /// Adds a file that everybody may read and execute.
  Newc file(String path, byte[] content) {
    above(path);
    entry(path, REGULAR | 0755, 0, 0, content);
    return this;
  }

  /// Adds a symbolic link.
  Newc link(String path, String target) {
    above(path);
    entry(path, LINK, 0, 0, target.getBytes(UTF_8));
    return this;
  }

  /// Adds a character device.
  Newc device(String path, int major, int minor) {
    above(path);
    entry(path, CHARACTER_DEVICE, major, minor, new byte[0]);
    return this;
  }

  /// The archive.
  byte[] end() {
    entry("TRAILER!!!", 0, 0, 0, new byte[0]);
    return out.toByteArray();
  }

  private void above(String path) {
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      directory(path.substring(0, slash));
    }
  }

  private void entry(String path, int mode, int major, int minor, byte[] content) {
    byte[] name = (path + "\0").getBytes(UTF_8);
    int links = 1;
    int[] fields = {
      ++inode, mode, 0, 0, links, 0, content.length, 0, 0, major, minor, name.length, 0
    };
    StringBuilder header = new StringBuilder("070701");
    for (int field : fields) {
      header.append("%08X".formatted(field));
    }
    out.writeBytes(header.toString().getBytes(UTF_8));
    out.writeBytes(name);
    pad();
    out.writeBytes(content);
    pad();
  }

  private void pad() {
    while ((out.size() & 3) != 0) {
      out.write(0);
    }
  }
}
