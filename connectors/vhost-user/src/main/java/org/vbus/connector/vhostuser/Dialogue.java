package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.linux.Epoll;
import org.vbus.linux.Fd;

/// The front-end's side of the conversation: one request at a time, each answered within a limit
/// where there is an answer.
///
/// A back-end that breaks the protocol, closes or is silent ends the dialogue: that call and all
/// after it throw. One thread at a time.
final class Dialogue implements AutoCloseable {
  private final MessageChannel channel;
  private final Epoll epoll;
  private final Duration limit;
  private boolean acknowledged;
  private @Nullable Request last;
  private @Nullable ProtocolException end;

  /// @param limit longest wait for an answer
  Dialogue(MessageChannel channel, Duration limit) throws IOException {
    this.channel = channel;
    this.limit = limit;
    this.epoll = Epoll.create(1);
    try {
      epoll.add(channel.socket().fd(), Epoll.READABLE, 0);
    } catch (IOException e) {
      epoll.close();
      throw e;
    }
  }

  /// From now on every request is answered (`REPLY_ACK`).
  void acknowledge() {
    acknowledged = true;
  }

  /// Where the payload of the next request is put together; keeps what was there.
  MemorySegment body() {
    return channel.body();
  }

  /// Sends a request with the first `size` bytes of [#body()] and waits for its reply.
  ///
  /// @return the reply's payload, until the next request
  MemorySegment ask(Request request, int size) throws ProtocolException {
    checkAlive();
    try {
      send(request, 0, size, List.of());
      return reply(request, request);
    } catch (ProtocolException e) {
      throw ended(e);
    }
  }

  /// Like [#ask(Request, int)] where question and answer have no more than a `u64`.
  long askLong(Request request) throws ProtocolException {
    MemorySegment reply = ask(request, 0);
    if (reply.byteSize() != Long.BYTES) {
      throw ended(badSize(request, reply));
    }
    return getLong(reply, 0);
  }

  /// Sends a request that has no reply of its own, with descriptors, which stay the caller's.
  ///
  /// @return false when the back-end says that it failed; it cannot say so without `REPLY_ACK`
  boolean tell(Request request, int size, List<Fd> fds) throws ProtocolException {
    checkAlive();
    try {
      send(request, acknowledged ? NEED_REPLY : 0, size, fds);
      if (!acknowledged) {
        return true;
      }
      MemorySegment reply = reply(request, request);
      if (reply.byteSize() != Long.BYTES) {
        throw badSize(request, reply);
      }
      return getLong(reply, 0) == 0;
    } catch (ProtocolException e) {
      throw ended(e);
    }
  }

  /// Like [#tell], for a request that must not fail.
  void order(Request request, int size, List<Fd> fds) throws ProtocolException {
    if (!tell(request, size, fds)) {
      throw new ProtocolException("the back-end answers that %s failed".formatted(request));
    }
  }

  /// Waits until everything sent has been handled: with `REPLY_ACK` it has.
  void settle() throws ProtocolException {
    Request before = last;
    if (acknowledged || before == null) {
      return;
    }
    checkAlive();
    try {
      send(Request.GET_FEATURES, 0, 0, List.of());
      MemorySegment _ = reply(Request.GET_FEATURES, before);
    } catch (ProtocolException e) {
      throw ended(e);
    }
  }

  private void send(Request request, int flags, int size, List<Fd> fds) throws ProtocolException {
    switch (channel.read()) {
      case CLOSED -> throw closed(last);
      case MESSAGE ->
          throw new ProtocolException(
              "a message (request %d) that nobody asked for"
                  .formatted(Integer.toUnsignedLong(channel.request())));
      case INCOMPLETE -> {}
    }
    try {
      channel.send(request.id(), flags, size, fds);
    } catch (ProtocolException e) {
      throw channel.read() == MessageChannel.Outcome.CLOSED ? closed(last) : e;
    }
    last = request;
  }

  /// Waits for the reply to `request`; `blamed` is what the back-end handles meanwhile.
  private MemorySegment reply(Request request, Request blamed) throws ProtocolException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      switch (channel.read()) {
        case CLOSED -> throw closed(blamed);
        case MESSAGE -> {
          return checked(request);
        }
        case INCOMPLETE -> {}
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new ProtocolException("no answer to %s within %s".formatted(blamed, text(limit)));
      }
      int _ = epoll.await(Math.clamp(left / 1_000_000 + 1, 1, 60_000));
    }
  }

  private MemorySegment checked(Request request) throws ProtocolException {
    int id = channel.request();
    if (id != request.id()) {
      throw new ProtocolException(
          "%s answered with request %d".formatted(request, Integer.toUnsignedLong(id)));
    }
    if ((channel.flags() & REPLY) == 0) {
      throw new ProtocolException("%s answered with what is no reply".formatted(request));
    }
    return channel.payload();
  }

  private static ProtocolException closed(@Nullable Request after) {
    return new ProtocolException(
        "connection closed by the back-end" + (after == null ? " at once" : " after " + after));
  }

  static ProtocolException badSize(Request request, MemorySegment reply) {
    return new ProtocolException("%s answered with %d bytes".formatted(request, reply.byteSize()));
  }

  private void checkAlive() throws ProtocolException {
    ProtocolException cause = end;
    if (cause != null) {
      throw new ProtocolException(String.valueOf(cause.getMessage()), cause);
    }
  }

  /// Ends the dialogue for this reason.
  ProtocolException ended(ProtocolException why) {
    end = why;
    channel.socket().shutdown();
    return why;
  }

  /// Whether it has ended on this side.
  boolean hasEnded() {
    return end != null;
  }

  static String text(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  @Override
  public void close() {
    epoll.close();
    channel.close();
  }
}
