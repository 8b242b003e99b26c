package org.vbus.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Runs something inside another network namespace (network_namespaces(7)). A namespace belongs to
/// a thread, so this uses a platform thread of its own, which ends with the work: no other code can
/// find itself in the wrong namespace. What is opened there stays in that namespace.
final class NetNamespace {
  private static final int CLONE_NEWNET = 0x40000000;

  private NetNamespace() {}

  /// @param netns a namespace file, such as `/run/netns/NAME` or `/proc/PID/ns/net`
  static <T> T call(Path netns, Callable<T> work) throws IOException {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter(netns);
          return work.call();
        });
    Thread.ofPlatform().name("vbus-netns").start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true; // the work is short and owns descriptors: let it finish
        }
      }
    } catch (ExecutionException e) {
      throw cause(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void enter(Path netns) throws SystemCallException {
    String what = "network namespace " + netns;
    int number = Fd.open(netns, LibC.O_RDONLY);
    if (number < 0) {
      throw new SystemCallException(what, "open", -number, openAdvice(-number));
    }
    try (Fd fd = new Fd(number)) {
      int result = LibC.setns(fd.number(), CLONE_NEWNET);
      if (result < 0) {
        throw new SystemCallException(what, "setns", -result, setnsAdvice(-result));
      }
    }
  }

  private static String openAdvice(int errno) {
    return switch (errno) {
      case Errno.ENOENT ->
          "There is no such file: create a namespace with `ip netns add NAME` and use"
              + " /run/netns/NAME.";
      case Errno.EACCES, Errno.EPERM -> "Run as root.";
      default -> "";
    };
  }

  private static String setnsAdvice(int errno) {
    return switch (errno) {
      case Errno.EINVAL -> "This file is not a network namespace.";
      case Errno.EPERM -> "Run as root or with CAP_SYS_ADMIN.";
      default -> "";
    };
  }

  private static IOException cause(ExecutionException e) {
    return switch (e.getCause()) {
      case IOException io -> io;
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      case null, default -> new IOException(e);
    };
  }
}
