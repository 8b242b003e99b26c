package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Waits for many descriptors at once (epoll(7)), level-triggered unless [#EDGE] is asked for: a
/// descriptor is reported until it has nothing more to say. Each is registered with a tag, chosen
/// by the caller, that comes back with its events.
///
/// ```java
/// int n = epoll.await(-1);
/// for (int i = 0; i < n; i++) {
///   handle(epoll.tag(i), epoll.events(i));
/// }
/// ```
///
/// Any thread registers; one thread waits and reads the events, which the next wait replaces. To
/// end a wait from elsewhere, register an [EventFd] and signal it. Waiting holds the carrier of a
/// virtual thread: use a platform thread.
public final class Epoll implements AutoCloseable {
  /// Something to read, or the end of the stream.
  public static final int READABLE = 0x1;

  /// Room to write.
  public static final int WRITABLE = 0x4;

  /// Reported without being asked for.
  public static final int ERROR = 0x8;

  /// The other end is gone. Reported without being asked for.
  public static final int HANGUP = 0x10;

  /// Report once per event instead of as long as it lasts: an eventfd need not be drained then.
  public static final int EDGE = 1 << 31;

  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int CTL_ADD = 1;
  private static final int CTL_DEL = 2;
  private static final int CTL_MOD = 3;

  // struct epoll_event { u32 events; u64 data; }, packed on x86-64 only.
  private static final long EVENTS = 0;
  private static final long DATA = Linux.X86_64 ? 4 : 8;
  private static final long SIZE = DATA + Long.BYTES;

  private final Fd fd;
  private final int capacity;
  private final MemorySegment events;

  /// struct timespec { i64 seconds; i64 nanoseconds; }
  private final MemorySegment timeout = Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES);

  private int ready;

  private Epoll(Fd fd, int capacity) {
    this.fd = fd;
    this.capacity = capacity;
    this.events = Arena.ofAuto().allocate(SIZE * capacity, Long.BYTES);
  }

  /// An empty set.
  ///
  /// @param capacity the most descriptors one wait reports; the rest come with the next
  public static Epoll create(int capacity) throws SystemCallException {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is not positive");
    }
    Linux.require();
    int number = LibC.epollCreate(EPOLL_CLOEXEC);
    return new Epoll(
        new Fd(SystemCallException.check("epoll set", "epoll_create1", number)), capacity);
  }

  /// Registers a descriptor, once.
  ///
  /// @param target number of an open descriptor that outlives its registration
  /// @param events [#READABLE], [#WRITABLE] or both; 0 still reports errors
  public void add(int target, int events, long tag) throws SystemCallException {
    control(CTL_ADD, target, events, tag);
  }

  /// Registers a descriptor, once.
  ///
  /// @param events [#READABLE], [#WRITABLE] or both; 0 still reports errors
  public void add(Fd target, int events, long tag) throws SystemCallException {
    control(CTL_ADD, target.number(), events, tag);
  }

  /// Replaces the events and the tag of a registered descriptor.
  public void modify(Fd target, int events, long tag) throws SystemCallException {
    control(CTL_MOD, target.number(), events, tag);
  }

  /// Closing a descriptor removes it as well, unless it was handed to somebody else.
  public void remove(int target) throws SystemCallException {
    control(CTL_DEL, target, 0, 0);
  }

  /// Closing a descriptor removes it as well, unless it was handed to somebody else.
  public void remove(Fd target) throws SystemCallException {
    control(CTL_DEL, target.number(), 0, 0);
  }

  private void control(int operation, int target, int events, long tag) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(SIZE, Long.BYTES);
      event.set(JAVA_INT_UNALIGNED, EVENTS, events);
      event.set(JAVA_LONG_UNALIGNED, DATA, tag);
      int _ =
          SystemCallException.check(
              "epoll set",
              "epoll_ctl of descriptor " + target,
              LibC.epollCtl(fd.number(), operation, target, event));
    }
  }

  /// Waits until something is ready. May return 0 early (a signal interrupted the wait).
  ///
  /// @param timeoutMillis 0 only looks, -1 waits for ever
  /// @return how many descriptors are ready, 0 after the time, or a negative [Errno]: `-EBADF` once
  ///   closed
  public int await(int timeoutMillis) {
    ready = 0;
    if (!fd.enter()) {
      return -Errno.EBADF;
    }
    try {
      int n = LibC.epollWait(fd.number(), events, capacity, timeoutMillis);
      ready = Math.max(n, 0);
      return n == -Errno.EINTR ? 0 : n;
    } finally {
      fd.leave();
    }
  }

  /// As [#await], with a time in nanoseconds; one that the kernel cannot take that exactly is
  /// rounded up.
  ///
  /// @param nanos not negative
  public int awaitNanos(long nanos) {
    ready = 0;
    if (!fd.enter()) {
      return -Errno.EBADF;
    }
    try {
      timeout.set(JAVA_LONG, 0, nanos / 1_000_000_000);
      timeout.set(JAVA_LONG, Long.BYTES, nanos % 1_000_000_000);
      int n = LibC.epollWait(fd.number(), events, capacity, timeout);
      if (n == -Errno.ENOSYS) {
        n = LibC.epollWait(fd.number(), events, capacity, (int) Math.ceilDiv(nanos, 1_000_000));
      }
      ready = Math.max(n, 0);
      return n == -Errno.EINTR ? 0 : n;
    } finally {
      fd.leave();
    }
  }

  /// The tag of the i-th ready descriptor.
  public long tag(int i) {
    return events.get(JAVA_LONG_UNALIGNED, Objects.checkIndex(i, ready) * SIZE + DATA);
  }

  /// What the i-th ready descriptor is ready for.
  public int events(int i) {
    return events.get(JAVA_INT_UNALIGNED, Objects.checkIndex(i, ready) * SIZE + EVENTS);
  }

  /// A wait under way goes on; wake it first.
  @Override
  public void close() {
    fd.close();
  }
}
