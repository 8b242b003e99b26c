package org.vbus.linux;

import java.lang.foreign.MemorySegment;

/// Says whether this JVM runs where the bindings of this module are right: Linux on x86-64 or
/// aarch64. There the constants agree, except for `struct epoll_event`, see [Epoll].
public final class Linux {

  /// `struct epoll_event` is packed on x86-64 only (epoll_ctl(2)).
  static final boolean X86_64 = isX86(System.getProperty("os.arch", ""));

  private Linux() {}

  /// True where the factories of this package work.
  public static boolean supported() {
    return supported(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  /// Returns quietly where [#supported()] is true.
  ///
  /// @throws UnsupportedOperationException elsewhere, naming this system
  public static void require() {
    if (!supported()) {
      throw new UnsupportedOperationException(
          unsupported(System.getProperty("os.name", "?"), System.getProperty("os.arch", "?")));
    }
  }

  /// Links the functions that whoever waits and listens calls first, by calls that fail at once. To
  /// link them takes a good part of the time that a program needs to start: for a thread that does
  /// so meanwhile. Harmless where nothing is supported.
  public static void prepare() {
    if (!supported()) {
      return;
    }
    MemorySegment nothing = MemorySegment.NULL;
    int _ =
        LibC.epollCreate(-1)
            + LibC.eventfd(0, -1)
            + LibC.epollCtl(-1, 0, -1, nothing)
            + LibC.socket(-1, -1, -1)
            + LibC.bind(-1, nothing, 0)
            + LibC.listen(-1, 0)
            + LibC.epollWait(-1, nothing, 1, 0)
            + LibC.epollWait(-1, nothing, 1, nothing)
            + LibC.write(-1, nothing, 0, 0)
            + LibC.preadv2(-1, nothing, 0)
            + LibC.close(-1);
  }

  /// Returns quietly where the layout of x86-64 holds, for interfaces that differ elsewhere.
  ///
  /// @param what needs it, to begin the message with
  static void requireX86(String what) {
    require();
    requireX86(what, System.getProperty("os.arch", "?"));
  }

  static void requireX86(String what, String arch) {
    if (!isX86(arch)) {
      throw new UnsupportedOperationException(
          "%s: needs x86-64; this JVM runs on %s".formatted(what, arch));
    }
  }

  static boolean supported(String os, String arch) {
    return os.equals("Linux") && (isX86(arch) || arch.equals("aarch64"));
  }

  static String unsupported(String os, String arch) {
    return "this needs Linux on x86-64 or aarch64; this JVM runs on " + os + " on " + arch;
  }

  private static boolean isX86(String arch) {
    return arch.equals("amd64") || arch.equals("x86_64");
  }
}
