package org.vbus.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Objects;

/// Owns a file descriptor. Any thread may use and close it: [#close()] takes effect once, and the
/// number goes back to the kernel only after the calls in flight have returned, so a late call can
/// never reach an unrelated file that was given the same number. After that, calls return `-EBADF`.
public final class Fd implements AutoCloseable {
  private static final VarHandle USES;

  static {
    try {
      USES =
          MethodHandles.lookup()
              .findVarHandle(Fd.class, "uses", int.class)
              .withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final int F_GETFD = 1;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int CLOSED = Integer.MIN_VALUE;

  private final int number;

  /// Calls in flight; plus [#CLOSED] once closed. Whoever brings it to exactly `CLOSED` closes the
  /// descriptor, and nobody enters afterwards. No data is published by it: only its atomicity
  /// counts.
  private volatile int uses;

  /// Takes ownership of an open descriptor.
  Fd(int number) {
    this.number = number;
  }

  /// Takes ownership of a descriptor that this process was started with.
  ///
  /// @throws SystemCallException when it is not open
  public static Fd inherited(int number) throws SystemCallException {
    Linux.require();
    int _ =
        SystemCallException.check(
            "descriptor " + number, "F_GETFD", LibC.fcntl(number, F_GETFD, 0));
    return new Fd(number);
  }

  /// open(2) with `O_CLOEXEC` added. The result is a negative errno on failure.
  static int open(Path path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return LibC.open(arena.allocateFrom(path.toString()), flags | LibC.O_CLOEXEC);
    }
  }

  /// Makes reads and writes answer `-EAGAIN` where they would wait, for everybody who shares the
  /// open file.
  ///
  /// @param what the thing the user knows, for the message
  public void makeNonBlocking(String what) throws SystemCallException {
    int flags = SystemCallException.check(what, "F_GETFL", LibC.fcntl(number(), F_GETFL, 0));
    int _ =
        SystemCallException.check(
            what, "F_SETFL", LibC.fcntl(number(), F_SETFL, flags | LibC.O_NONBLOCK));
  }

  /// The descriptor's number, to name it to the kernel; -1 once closed.
  public int number() {
    return uses < 0 ? -1 : number;
  }

  /// read(2) into `length` bytes at `offset`.
  ///
  /// @param buffer native and writable; its arena stays open until the call has returned
  /// @return bytes read, 0 at the end of a file, or a negative [Errno] (`-EAGAIN`: nothing now)
  public int read(MemorySegment buffer, long offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException("cannot read into a read-only segment");
    }
    if (!enter()) {
      return -Errno.EBADF;
    }
    try {
      return LibC.read(number, buffer, offset, length);
    } finally {
      leave();
    }
  }

  /// write(2) of `length` bytes at `offset`.
  ///
  /// @param buffer native; its arena stays open until the call has returned
  /// @return bytes written, or a negative [Errno] (`-EAGAIN`: no room now)
  public int write(MemorySegment buffer, long offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (!enter()) {
      return -Errno.EBADF;
    }
    try {
      return LibC.write(number, buffer, offset, length);
    } finally {
      leave();
    }
  }

  /// ioctl(2).
  ///
  /// @return the request's answer, or a negative [Errno]
  int ioctl(long request, MemorySegment argument) {
    if (!enter()) {
      return -Errno.EBADF;
    }
    try {
      return LibC.ioctl(number, request, argument);
    } finally {
      leave();
    }
  }

  /// ioctl(2) of a request that takes its argument by value.
  ///
  /// @return the request's answer, or a negative [Errno]
  int ioctl(long request, long argument) {
    if (!enter()) {
      return -Errno.EBADF;
    }
    try {
      return LibC.ioctl(number, request, argument);
    } finally {
      leave();
    }
  }

  /// Begins a use of the number: if true, it stays ours until [#leave()].
  boolean enter() {
    int now = uses;
    while (now >= 0) {
      int seen = (int) USES.compareAndExchange(this, now, now + 1);
      if (seen == now) {
        return true;
      }
      now = seen;
    }
    return false;
  }

  void leave() {
    if ((int) USES.getAndAdd(this, -1) == CLOSED + 1) {
      int _ = LibC.close(number);
    }
  }

  @Override
  public void close() {
    if ((int) USES.getAndBitwiseOr(this, CLOSED) == 0) {
      int _ = LibC.close(number);
    }
  }

  @Override
  public String toString() {
    return "fd " + number();
  }
}
