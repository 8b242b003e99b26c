package org.vbus.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A stream socket of the unix domain (unix(7)) that carries file descriptors along with bytes
/// (`SCM_RIGHTS`), which sockets of the JDK do not.
///
/// Never blocks: what cannot be done now answers `-EAGAIN`; wait with [Epoll]. Bytes and
/// descriptors go through buffers of the object, so one thread at a time may receive and one may
/// send. Any thread closes.
public final class UnixSocket implements AutoCloseable {
  /// Most descriptors that one [#receive] takes and one [#send] sends; more than that is an error
  /// of the peer.
  public static final int MAX_FDS = 8;

  /// What [#receive] answers to a message with more descriptors than [#MAX_FDS].
  public static final int TOO_MANY_FDS = -Errno.E2BIG;

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_NONBLOCK = LibC.O_NONBLOCK;
  private static final int SOCK_CLOEXEC = LibC.O_CLOEXEC;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SHUT_BOTH = 2;
  private static final int BACKLOG = 128;

  // struct sockaddr_un { u16 family; char path[108]; }
  private static final int PATH = 2;
  private static final int LONGEST_PATH = 107;
  private static final int SOCKADDR = 110;

  // struct msghdr { name*, u32 namelen, iov*, size_t iovlen, control*, size_t controllen, int flags
  // }
  // struct iovec { base*, size_t len }
  private static final long MSG_IOV = 16;
  private static final long MSG_IOVLEN = 24;
  private static final long MSG_CONTROL = 32;
  private static final long MSG_CONTROLLEN = 40;
  private static final long MSG_FLAGS = 48;
  private static final long MSG_SIZE = 56;
  private static final long IOV_LEN = 8;
  private static final long IOV_SIZE = 16;

  // struct cmsghdr { size_t len; int level; int type; } followed by the descriptors
  private static final long CMSG_LEVEL = 8;
  private static final long CMSG_TYPE = 12;
  private static final long CMSG_DATA = 16;
  private static final long CONTROL_SIZE = CMSG_DATA + MAX_FDS * (long) Integer.BYTES;

  private final Fd fd;
  private final Header in = new Header();
  private final Header out = new Header();

  /// One direction's message header, with the vector and the control buffer it points to.
  private static final class Header {
    private final MemorySegment message;
    private final MemorySegment vector;
    private final MemorySegment control;

    Header() {
      Arena arena = Arena.ofAuto();
      message = arena.allocate(MSG_SIZE, 8);
      vector = arena.allocate(IOV_SIZE, 8);
      control = arena.allocate(CONTROL_SIZE, 8);
      message.set(ADDRESS, MSG_IOV, vector);
      message.set(JAVA_LONG, MSG_IOVLEN, 1);
    }

    MemorySegment over(MemorySegment buffer, long offset, int length, long controlBytes) {
      vector.set(ADDRESS, 0, buffer.asSlice(offset, length));
      vector.set(JAVA_LONG, IOV_LEN, length);
      message.set(ADDRESS, MSG_CONTROL, controlBytes == 0 ? MemorySegment.NULL : control);
      message.set(JAVA_LONG, MSG_CONTROLLEN, controlBytes);
      message.set(JAVA_INT, MSG_FLAGS, 0);
      return message;
    }
  }

  private UnixSocket(Fd fd) {
    this.fd = fd;
  }

  /// A socket that listens at exactly `path`. What an earlier program left there is replaced; a
  /// socket that somebody listens on, or a file of another kind, is not.
  public static UnixSocket listen(Path path) throws IOException {
    UnixSocket socket = open(path);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = address(path, arena);
      int bound = LibC.bind(socket.fd.number(), address, SOCKADDR);
      if (bound == -Errno.EADDRINUSE && isLeftOver(path)) {
        Files.delete(path);
        bound = LibC.bind(socket.fd.number(), address, SOCKADDR);
      }
      if (bound < 0) {
        throw new SystemCallException(what(path), "bind", -bound, bindAdvice(-bound, path));
      }
      int _ =
          SystemCallException.check(what(path), "listen", LibC.listen(socket.fd.number(), BACKLOG));
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static String bindAdvice(int errno, Path path) {
    return switch (errno) {
      case Errno.ENOENT -> "Create the directory " + path.toAbsolutePath().getParent() + " first";
      case Errno.EACCES -> "The directory does not let this user make files in it";
      case Errno.EADDRINUSE -> "Another program listens there, or it is a file of another kind";
      default -> "";
    };
  }

  /// Whether nobody listens on the socket at `path` any more.
  private static boolean isLeftOver(Path path) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if (((int) mode & 0xf000) != 0xc000) {
      return false;
    }
    try (UnixSocket probe = open(path);
        Arena arena = Arena.ofConfined()) {
      return LibC.connect(probe.fd.number(), address(path, arena), SOCKADDR) == -Errno.ECONNREFUSED;
    }
  }

  /// A socket connected to who listens at `path`.
  ///
  /// @throws SystemCallException with `ENOENT` or `ECONNREFUSED` when nobody does now
  public static UnixSocket connect(Path path) throws SystemCallException {
    UnixSocket socket = open(path);
    try (Arena arena = Arena.ofConfined()) {
      int connected = LibC.connect(socket.fd.number(), address(path, arena), SOCKADDR);
      int _ = SystemCallException.check(what(path), "connect", connected);
      return socket;
    } catch (SystemCallException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /// Two sockets connected to each other.
  public static UnixSocket[] pair() throws SystemCallException {
    Linux.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment two = arena.allocate(JAVA_INT, 2);
      int made = LibC.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, two);
      int _ = SystemCallException.check("pair of unix sockets", "socketpair", made);
      return new UnixSocket[] {
        new UnixSocket(new Fd(two.get(JAVA_INT, 0))),
        new UnixSocket(new Fd(two.get(JAVA_INT, Integer.BYTES)))
      };
    }
  }

  /// Takes over a socket that this process inherited or was sent, listening or connected.
  public static UnixSocket adopt(Fd fd) {
    return new UnixSocket(fd);
  }

  /// Whether this socket takes connections, rather than being one.
  ///
  /// @throws SystemCallException when the descriptor is no socket
  public boolean isListening() throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      MemorySegment size = arena.allocateFrom(JAVA_INT, Integer.BYTES);
      int _ =
          SystemCallException.check(
              "socket " + fd,
              "SO_ACCEPTCONN",
              LibC.getsockopt(fd.number(), SOL_SOCKET, SO_ACCEPTCONN, value, size));
      return value.get(JAVA_INT, 0) != 0;
    }
  }

  /// Sends one datagram to who listens at `path`; a leading `@` names the abstract name space.
  static void datagram(Path path, String text) throws SystemCallException {
    int number = LibC.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    try (Fd fd = new Fd(SystemCallException.check(what(path), "socket", number));
        Arena arena = Arena.ofConfined()) {
      MemorySegment address = address(path, arena);
      int length = PATH + path.toString().getBytes(StandardCharsets.UTF_8).length;
      if (path.toString().startsWith("@")) {
        address.set(JAVA_BYTE, PATH, (byte) 0);
      } else {
        length++;
      }
      int _ =
          SystemCallException.check(
              what(path), "connect", LibC.connect(fd.number(), address, length));
      MemorySegment bytes = arena.allocateFrom(text);
      int _ =
          SystemCallException.check(
              what(path), "write", fd.write(bytes, 0, (int) bytes.byteSize() - 1));
    }
  }

  private static UnixSocket open(Path path) throws SystemCallException {
    Linux.require();
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
      throw new SystemCallException(
          what(path), "bind", 36, "A socket's path has at most " + LONGEST_PATH + " bytes");
    }
    int number = LibC.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return new UnixSocket(new Fd(SystemCallException.check(what(path), "socket", number)));
  }

  private static MemorySegment address(Path path, Arena arena) {
    MemorySegment address = arena.allocate(SOCKADDR, 2);
    address.set(JAVA_SHORT, 0, (short) AF_UNIX);
    address.setString(PATH, path.toString());
    return address;
  }

  private static String what(Path path) {
    return "socket " + path;
  }

  /// For [Epoll]. Closing it closes this.
  public Fd fd() {
    return fd;
  }

  /// The next connection to a listening socket, or null when there is none now.
  ///
  /// @throws SystemCallException when the process is out of descriptors
  public @Nullable UnixSocket accept() throws SystemCallException {
    if (!fd.enter()) {
      return null;
    }
    try {
      int number = LibC.accept(fd.number(), SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (number == -Errno.EAGAIN || number == -Errno.EINTR || number == -Errno.ECONNABORTED) {
        return null;
      }
      return new UnixSocket(
          new Fd(SystemCallException.check("incoming connection", "accept4", number)));
    } finally {
      fd.leave();
    }
  }

  /// Receives up to `length` bytes at `offset`, and appends the descriptors that came with them to
  /// `fds`, which the caller then owns.
  ///
  /// @return bytes, 0 when the other end has closed, a negative [Errno] (`-EAGAIN`: nothing now),
  ///   or [#TOO_MANY_FDS], when the bytes are lost and all descriptors are closed
  public int receive(MemorySegment buffer, long offset, int length, List<Fd> fds) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (!fd.enter()) {
      return -Errno.EBADF;
    }
    try {
      MemorySegment message = in.over(buffer, offset, length, CONTROL_SIZE);
      int n = LibC.recvmsg(fd.number(), message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      if (n < 0) {
        return n == -Errno.EINTR ? -Errno.EAGAIN : n;
      }
      int before = fds.size();
      takeFds(message.get(JAVA_LONG, MSG_CONTROLLEN), fds);
      if ((message.get(JAVA_INT, MSG_FLAGS) & MSG_CTRUNC) != 0) {
        List<Fd> some = fds.subList(before, fds.size());
        some.forEach(Fd::close);
        some.clear();
        return TOO_MANY_FDS;
      }
      return n;
    } finally {
      fd.leave();
    }
  }

  /// The control buffer has room for exactly one header and its descriptors.
  private void takeFds(long controlBytes, List<Fd> fds) {
    if (controlBytes < CMSG_DATA
        || in.control.get(JAVA_INT, CMSG_LEVEL) != SOL_SOCKET
        || in.control.get(JAVA_INT, CMSG_TYPE) != SCM_RIGHTS) {
      return;
    }
    long end = Math.min(in.control.get(JAVA_LONG, 0), CONTROL_SIZE);
    for (long at = CMSG_DATA; at + Integer.BYTES <= end; at += Integer.BYTES) {
      fds.add(new Fd(in.control.get(JAVA_INT, at)));
    }
  }

  /// Sends `length` bytes at `offset`, with descriptors, which stay the caller's.
  ///
  /// @return bytes sent, fewer than `length` when the other end does not read, in which case the
  ///   descriptors have gone; or a negative [Errno] (`-EAGAIN`: no room now, `-EPIPE`: closed)
  public int send(MemorySegment buffer, long offset, int length, List<Fd> fds) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (fds.size() > MAX_FDS) {
      throw new IllegalArgumentException(fds.size() + " descriptors, at most " + MAX_FDS);
    }
    if (!fd.enter()) {
      return -Errno.EBADF;
    }
    try {
      long bytes = CMSG_DATA + fds.size() * (long) Integer.BYTES;
      if (!fds.isEmpty()) {
        out.control.set(JAVA_LONG, 0, bytes);
        out.control.set(JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
        out.control.set(JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < fds.size(); i++) {
          out.control.set(JAVA_INT, CMSG_DATA + i * (long) Integer.BYTES, fds.get(i).number());
        }
      }
      MemorySegment message =
          out.over(buffer, offset, length, fds.isEmpty() ? 0 : (bytes + 7) & -8L);
      return LibC.sendmsg(fd.number(), message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } finally {
      fd.leave();
    }
  }

  /// Ends the conversation for both sides: receivers see the end, senders an error.
  public void shutdown() {
    if (fd.enter()) {
      try {
        int _ = LibC.shutdown(fd.number(), SHUT_BOTH);
      } finally {
        fd.leave();
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
