package org.vbus.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// A wake-up that can be waited for with [Epoll] and handed to the kernel or to another process
/// (eventfd(2)): a 64-bit counter that a signal increments and a drain resets to zero.
///
/// Any thread signals, one thread drains. Neither blocks or allocates. A signal costs a system call
/// (about 300 ns): a burst may pay it, a packet should not.
public final class EventFd implements AutoCloseable {
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1).asReadOnly();

  private static final int RWF_NOWAIT = 8;
  private static final String EVENTFD = "anon_inode:[eventfd]";

  private final Fd fd;
  private final MemorySegment count = Arena.ofAuto().allocate(JAVA_LONG);

  /// struct iovec over [#count].
  private final MemorySegment vector = Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES);

  private EventFd(Fd fd) {
    this.fd = fd;
    vector.set(ADDRESS, 0, count);
    vector.set(JAVA_LONG, Long.BYTES, Long.BYTES);
  }

  public static EventFd create() throws SystemCallException {
    Linux.require();
    int number = LibC.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return new EventFd(new Fd(SystemCallException.check("event descriptor", "eventfd", number)));
  }

  /// Takes over an eventfd that another process sent, and makes it non-blocking, so that
  /// [#signal()] cannot wait for the peer as long as the peer leaves the flag alone. [#drain()]
  /// never waits, whatever the peer does.
  ///
  /// @throws SystemCallException when it is no eventfd; the descriptor is closed then
  public static EventFd adopt(String what, Fd fd) throws SystemCallException {
    try {
      if (!EVENTFD.equals(target(fd))) {
        throw new SystemCallException(
            what, "eventfd", Errno.EINVAL, "The descriptor is no eventfd");
      }
      fd.makeNonBlocking(what);
      return new EventFd(fd);
    } catch (SystemCallException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private static String target(Fd fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd.number())).toString();
    } catch (IOException e) {
      return "unknown: " + e.getMessage();
    }
  }

  /// For [Epoll] and for handing to the kernel. Closing it closes this.
  public Fd fd() {
    return fd;
  }

  /// Wakes who waits, now or when it next looks. Does nothing once closed. The kernel orders what
  /// this thread wrote before the signal ahead of what the drainer reads after [#drain()].
  public void signal() {
    // A counter at its limit answers EAGAIN; it is as signalled as it can be.
    int _ = fd.write(ONE, 0, Long.BYTES);
  }

  /// Takes the signals since the last drain.
  ///
  /// @return how many, 0 if none or closed
  public long drain() {
    if (!fd.enter()) {
      return 0;
    }
    try {
      // Not read(2): who shares the descriptor may have made it blocking.
      int n = LibC.preadv2(fd.number(), vector, RWF_NOWAIT);
      return n == Long.BYTES ? count.get(JAVA_LONG, 0) : 0;
    } finally {
      fd.leave();
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
