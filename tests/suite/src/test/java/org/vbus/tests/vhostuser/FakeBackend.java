package org.vbus.tests.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.vbus.linux.Epoll;
import org.vbus.linux.Errno;
import org.vbus.linux.Fd;
import org.vbus.linux.UnixSocket;

/// A back-end that answers every request as a well-behaved one with all protocol features would,
/// but for what a test tells it to do at one request. It never touches a ring.
final class FakeBackend implements AutoCloseable {
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int SET_MEM_TABLE = 5;
  static final int SET_VRING_NUM = 8;
  static final int GET_VRING_BASE = 11;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int GET_QUEUE_NUM = 17;
  static final int GET_CONFIG = 24;

  /// Flags of a good reply: it is one, and of version 1.
  static final int OF_REPLY = 4 | 1;

  private static final int NEED_REPLY = 8;
  private static final int HEADER = 12;

  private static final Map<Integer, Long> NUMBERS =
      Map.of(
          GET_FEATURES, 1L << 32 | 1L << 30 | 1L << 16 | 1L << 15,
          GET_PROTOCOL_FEATURES, 1L | 1L << 3 | 1L << 9,
          GET_QUEUE_NUM, 1L);

  private final UnixSocket listener;
  private final Answer answer;
  private final Thread thread;
  private final List<Integer> requests = new CopyOnWriteArrayList<>();
  private volatile boolean running = true;

  /// What it does instead of answering well.
  interface Answer {
    /// The message to send, or null for what a good back-end sends.
    ///
    /// @throws Close to end the connection
    Reply to(int request) throws Close;
  }

  /// Ends the connection.
  static final class Close extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /// A message.
  ///
  /// @param size what its header says, of which no more than 64 bytes are sent
  /// @param value the first 8 bytes
  record Reply(int request, int flags, int size, long value) {
    /// Says nothing at all.
    static final Reply SILENCE = new Reply(0, 0, 0, 0);
  }

  FakeBackend(Path socket, Answer answer) throws IOException {
    this.answer = answer;
    listener = UnixSocket.listen(socket);
    thread = Thread.ofPlatform().daemon(true).start(this::serve);
  }

  /// Requests in the order in which they came.
  List<Integer> requests() {
    return requests;
  }

  private void serve() {
    try (Epoll epoll = Epoll.create(2);
        Arena arena = Arena.ofConfined()) {
      epoll.add(listener.fd(), Epoll.READABLE, 0);
      UnixSocket socket = null;
      MemorySegment buffer = arena.allocate(4096 + HEADER, 8);
      while (running) {
        int _ = epoll.await(20);
        if (socket == null) {
          socket = listener.accept();
          if (socket != null) {
            epoll.add(socket.fd(), Epoll.READABLE, 1);
          }
        } else if (!converse(socket, buffer)) {
          socket.close();
          socket = null;
        }
      }
      if (socket != null) {
        socket.close();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// One message, read whole: the front-end sends it in one piece.
  private boolean converse(UnixSocket socket, MemorySegment buffer) {
    List<Fd> fds = new ArrayList<>();
    int n = socket.receive(buffer, 0, HEADER, fds);
    fds.forEach(Fd::close);
    if (n == -Errno.EAGAIN) {
      return true;
    }
    if (n < HEADER) {
      return false;
    }
    int request = buffer.get(JAVA_INT, 0);
    int flags = buffer.get(JAVA_INT, 4);
    int size = buffer.get(JAVA_INT, 8);
    if (size > 0) {
      int _ = socket.receive(buffer, HEADER, size, fds);
    }
    requests.add(request);
    try {
      Reply reply = answer.to(request);
      if (reply == null) {
        reply = good(request, flags, size, buffer);
      }
      if (reply != Reply.SILENCE) {
        send(socket, buffer, reply);
      }
      return true;
    } catch (Close e) {
      return false;
    }
  }

  private static Reply good(int request, int flags, int size, MemorySegment buffer) {
    if (NUMBERS.containsKey(request)) {
      return new Reply(request, OF_REPLY, Long.BYTES, NUMBERS.get(request));
    }
    if (request == GET_CONFIG) {
      return new Reply(request, OF_REPLY, size, buffer.get(JAVA_LONG_UNALIGNED, HEADER));
    }
    if (request == GET_VRING_BASE) {
      return new Reply(request, OF_REPLY, Long.BYTES, buffer.get(JAVA_INT, HEADER));
    }
    if ((flags & NEED_REPLY) != 0) {
      return new Reply(request, OF_REPLY, Long.BYTES, 0);
    }
    return Reply.SILENCE;
  }

  private static void send(UnixSocket socket, MemorySegment buffer, Reply reply) {
    buffer.set(JAVA_INT, 0, reply.request);
    buffer.set(JAVA_INT, 4, reply.flags);
    buffer.set(JAVA_INT, 8, reply.size);
    buffer.set(JAVA_LONG_UNALIGNED, HEADER, reply.value);
    int _ = socket.send(buffer, 0, HEADER + Math.clamp(reply.size, 0, 64), List.of());
  }

  @Override
  public void close() {
    running = false;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    listener.close();
  }
}
