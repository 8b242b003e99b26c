package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnixSocketTest {
  private final MemorySegment buffer = Arena.ofAuto().allocate(256);
  private final List<Fd> fds = new ArrayList<>();
  @TempDir private Path dir;

  @Test
  void bytesAndDescriptorsArriveTogether() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    EventFd event = EventFd.create();
    buffer.set(ValueLayout.JAVA_INT, 0, 0x12345678);

    assertThat(pair[0].send(buffer, 0, 4, List.of(event.fd()))).isEqualTo(4);
    assertThat(pair[1].receive(buffer, 16, 32, fds)).isEqualTo(4);

    assertThat(buffer.get(ValueLayout.JAVA_INT, 16)).isEqualTo(0x12345678);
    assertThat(fds).hasSize(1);
    EventFd same = EventFd.adopt("kick", fds.getFirst());
    event.signal();
    event.signal();
    assertThat(same.drain()).isEqualTo(2);
    assertThat(same.drain()).isZero();
    for (AutoCloseable each : List.of(pair[0], pair[1], event, same)) {
      assertClosed(each);
    }
  }

  private static void assertClosed(AutoCloseable each) {
    try {
      each.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nothingToReceiveIsNoEndAndAnEndIsZero() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    assertThat(pair[0].receive(buffer, 0, 8, fds)).isEqualTo(-Errno.EAGAIN);
    pair[1].close();
    assertThat(pair[0].receive(buffer, 0, 8, fds)).isZero();
    assertThat(pair[0].send(buffer, 0, 8, List.of())).isEqualTo(-Errno.EPIPE);
    pair[0].close();
    assertThat(pair[0].receive(buffer, 0, 8, fds)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void moreDescriptorsThanTheLimitLeaveNoneOpen() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    try (EventFd event = EventFd.create()) {
      assertThat(pair[0].send(buffer, 0, 1, Collections.nCopies(8, event.fd()))).isEqualTo(1);
      assertThat(pair[1].receive(buffer, 0, 8, fds)).isEqualTo(1);
      assertThat(fds).hasSize(8);
      fds.forEach(Fd::close);
      assertThatThrownBy(() -> pair[0].send(buffer, 0, 1, Collections.nCopies(9, event.fd())))
          .isInstanceOf(IllegalArgumentException.class);
    }
    pair[0].close();
    pair[1].close();
  }

  @Test
  void aListenerReplacesALeftOverSocketAndNothingElse() throws IOException {
    Path path = dir.resolve("s");
    UnixSocket dead = UnixSocket.listen(path);
    assertThatThrownBy(() -> UnixSocket.listen(path))
        .isInstanceOf(SystemCallException.class)
        .hasMessageContaining("Another program listens there");
    dead.close();
    try (UnixSocket alive = UnixSocket.listen(path)) {
      assertThat(alive.accept()).isNull();
      UnixSocket client = UnixSocket.connect(path);
      UnixSocket server = Objects.requireNonNull(alive.accept());
      assertThat(client.send(buffer, 0, 3, List.of())).isEqualTo(3);
      assertThat(server.receive(buffer, 0, 8, fds)).isEqualTo(3);
      client.close();
      server.close();
    }
    Path file = dir.resolve("f");
    Files.writeString(file, "mine");
    assertThatThrownBy(() -> UnixSocket.listen(file)).isInstanceOf(SystemCallException.class);
    assertThat(file).hasContent("mine");
  }

  @Test
  void errorsSayWhatToDo() {
    assertThatThrownBy(() -> UnixSocket.listen(dir.resolve("no").resolve("s")))
        .hasMessageContaining("Create the directory " + dir.resolve("no"));
    assertThatThrownBy(() -> UnixSocket.listen(dir.resolve("x".repeat(120))))
        .hasMessageContaining("at most 107 bytes");
    assertThatThrownBy(() -> UnixSocket.connect(dir.resolve("nobody")))
        .isInstanceOfSatisfying(
            SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }

  @Test
  void whatIsNoEventfdIsNotAdopted() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    assertThatThrownBy(() -> EventFd.adopt("kick of queue 0", pair[0].fd()))
        .hasMessageContaining("kick of queue 0")
        .hasMessageContaining("no eventfd");
    assertThat(pair[0].fd().number()).isEqualTo(-1);
    pair[1].close();
  }
}
