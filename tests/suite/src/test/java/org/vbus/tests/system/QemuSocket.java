package org.vbus.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/// The test's end of a character device of QEMU that is a Unix socket. Every wait has a limit; a
/// failure shows what the guest said. One thread at a time.
final class QemuSocket implements AutoCloseable {
  private final SocketChannel channel;
  private final Selector selector;
  private final Supplier<String> story;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).flip();

  /// Connects to a socket on which QEMU listens already.
  ///
  /// @param story what a failure shows
  QemuSocket(Path socket, Supplier<String> story) {
    this.story = story;
    try {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      selector = Selector.open();
      SelectionKey _ = channel.register(selector, SelectionKey.OP_READ);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends text.
  void write(String text) {
    ByteBuffer bytes = UTF_8.encode(text);
    try {
      while (bytes.hasRemaining()) {
        if (channel.write(bytes) == 0) {
          Thread.sleep(1);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e.getMessage() + "\n" + story.get(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Waits for a line.
  ///
  /// @param what the reason, for a failure
  String line(String what, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      byte next = next(what, limit, deadline);
      if (next == '\n') {
        return line.toString(UTF_8).stripTrailing();
      }
      line.write(next);
    }
  }

  /// Waits for that many bytes of text.
  String text(String what, int bytes, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    byte[] text = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      text[i] = next(what, limit, deadline);
    }
    return new String(text, UTF_8);
  }

  private byte next(String what, Duration limit, long deadline) {
    while (!buffer.hasRemaining()) {
      fill(what, limit, deadline);
    }
    return buffer.get();
  }

  private void fill(String what, Duration limit, long deadline) {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new AssertionError(
          "waited " + limit.toMillis() + " ms for " + what + "\n" + story.get());
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new IllegalStateException("interrupted while waiting for " + what);
    }
    try {
      int _ = selector.select(Math.max(1, left / 1_000_000));
      selector.selectedKeys().clear();
      int read = channel.read(buffer.clear());
      buffer.flip();
      if (read < 0) {
        throw new AssertionError("QEMU ended while waiting for " + what + "\n" + story.get());
      }
    } catch (IOException e) {
      throw new AssertionError(e.getMessage() + "\n" + story.get(), e);
    }
  }

  @Override
  public void close() {
    try {
      selector.close();
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
