package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A running `qemu-storage-daemon` that exports a file as a vhost-user-blk back-end.
final class StorageDaemon implements AutoCloseable {
  private final Process process;

  /// Starts it and waits until its socket is there.
  ///
  /// @param image the disk's content, as it is
  /// @param socket to listen on; its output goes to a file next to it
  StorageDaemon(Path image, Path socket) {
    Path log = socket.resolveSibling(socket.getFileName() + ".log");
    try {
      process =
          new ProcessBuilder(
                  "qemu-storage-daemon",
                  "--blockdev",
                  "driver=file,node-name=disk,filename=" + image,
                  "--export",
                  "type=vhost-user-blk,id=export,node-name=disk,writable=on,num-queues=1,"
                      + "addr.type=unix,addr.path="
                      + socket)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      process.getOutputStream().close();
      HostProcess.await("qemu-storage-daemon", () -> !process.isAlive() || Files.exists(socket));
      if (!process.isAlive()) {
        throw new AssertionError("qemu-storage-daemon ended:\n" + Files.readString(log));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        Run.kill(process);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
