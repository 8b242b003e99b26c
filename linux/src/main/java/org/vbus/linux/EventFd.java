package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A wake-up that can be waited for with [Epoll] and handed to the kernel or to another process
/// (eventfd(2)): a 64-bit counter that a signal increments and a drain resets to zero.
///
/// Any thread signals, one thread drains. Neither blocks or allocates. A signal costs a system call
/// (about 300 ns): a burst may pay it, a packet should not.
public final class EventFd implements AutoCloseable {
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1).asReadOnly();

  private final Fd fd;
  private final MemorySegment count = Arena.ofAuto().allocate(JAVA_LONG);

  private EventFd(Fd fd) {
    this.fd = fd;
  }

  public static EventFd create() throws SystemCallException {
    Linux.require();
    int number = LibC.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return new EventFd(new Fd(SystemCallException.check("event descriptor", "eventfd", number)));
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
    return fd.read(count, 0, Long.BYTES) == Long.BYTES ? count.get(JAVA_LONG, 0) : 0;
  }

  @Override
  public void close() {
    fd.close();
  }
}
