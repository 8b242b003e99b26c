package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.vbus.linux.Errno;
import org.vbus.linux.Fd;
import org.vbus.linux.UnixSocket;

/// Messages on one socket: framing, and the descriptors that travel with them. Knows no request.
///
/// Never blocks. One thread.
final class MessageChannel implements AutoCloseable {
  private final UnixSocket socket;
  private final MemorySegment in = Arena.ofAuto().allocate(HEADER + LONGEST, 8);
  private final MemorySegment out = Arena.ofAuto().allocate(HEADER + LONGEST, 8);
  private final List<Fd> fds = new ArrayList<>();

  /// Bytes of the present message received so far.
  private int received;

  MessageChannel(UnixSocket socket) {
    this.socket = socket;
  }

  /// What [#read()] found.
  enum Outcome {
    /// A whole message, until the next read.
    MESSAGE,
    /// Not enough bytes yet.
    INCOMPLETE,
    /// The other side has closed.
    CLOSED
  }

  /// Reads on until a message is whole. Descriptors of the message before that nobody took are
  /// closed.
  ///
  /// @throws ProtocolException when what comes is no message
  Outcome read() throws ProtocolException {
    if (received >= HEADER && received == HEADER + size()) {
      received = 0;
      dropFds();
    }
    while (true) {
      int need = received < HEADER ? HEADER : HEADER + size();
      if (received == need && received >= HEADER) {
        return Outcome.MESSAGE;
      }
      int n = socket.receive(in, received, need - received, fds);
      if (n == -Errno.EAGAIN) {
        return Outcome.INCOMPLETE;
      }
      if (n == UnixSocket.TOO_MANY_FDS || fds.size() > UnixSocket.MAX_FDS) {
        throw new ProtocolException(
            "a message with more than " + UnixSocket.MAX_FDS + " file descriptors");
      }
      if (n <= 0) {
        if (received > 0) {
          throw new ProtocolException("the connection ended within a message");
        }
        return Outcome.CLOSED;
      }
      received += n;
      if (received == HEADER) {
        checkHeader();
      }
    }
  }

  private void checkHeader() throws ProtocolException {
    if ((flags() & VERSION_MASK) != VERSION) {
      throw new ProtocolException(
          "a message of protocol version " + (flags() & VERSION_MASK) + ", not " + VERSION);
    }
    if (size() < 0 || size() > LONGEST) {
      throw new ProtocolException(
          "a message of %d bytes (request %d)"
              .formatted(size() & 0xffffffffL, Integer.toUnsignedLong(request())));
    }
  }

  int request() {
    return getInt(in, 0);
  }

  int flags() {
    return getInt(in, 4);
  }

  /// Bytes of payload.
  int size() {
    return getInt(in, 8);
  }

  /// The payload, valid until the next read.
  MemorySegment payload() {
    return in.asSlice(HEADER, size());
  }

  /// The descriptors of the message; whoever takes one removes it.
  List<Fd> fds() {
    return fds;
  }

  /// Where the payload of the next [#send] is put together; keeps what was there.
  MemorySegment body() {
    return out.asSlice(HEADER);
  }

  /// Sends a message with the first `size` bytes of [#body()].
  ///
  /// @throws ProtocolException when the other side is gone, or does not read
  void send(int request, int flags, int size, List<Fd> with) throws ProtocolException {
    putInt(out, 0, request);
    putInt(out, 4, flags | VERSION);
    putInt(out, 8, size);
    int n = socket.send(out, 0, HEADER + size, with);
    if (n != HEADER + size) {
      throw new ProtocolException(
          n == -Errno.EAGAIN || n >= 0
              ? "the other side does not read its messages"
              : "the other side is gone (" + Errno.describe(-n) + ")");
    }
  }

  /// Answers the present message with the first `size` bytes of [#body()].
  void reply(int size) throws ProtocolException {
    reply(size, List.of());
  }

  /// Answers the present message likewise, with descriptors.
  void reply(int size, List<Fd> with) throws ProtocolException {
    send(request(), REPLY, size, with);
  }

  /// Answers the present message with a number.
  void answer(long value) throws ProtocolException {
    putLong(out, HEADER, value);
    reply(Long.BYTES);
  }

  UnixSocket socket() {
    return socket;
  }

  private void dropFds() {
    fds.forEach(Fd::close);
    fds.clear();
  }

  @Override
  public void close() {
    dropFds();
    socket.close();
  }
}
