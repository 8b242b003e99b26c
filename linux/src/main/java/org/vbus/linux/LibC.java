package org.vbus.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// The C library calls of this module. Every method returns the call's result, or the negative
/// errno if the call failed; none allocates, once compiled, and any thread may call it. No handle
/// is linked as `critical`: each of these calls can block.
///
/// Callers must have passed [Linux#require()]: initialising this class links the symbols.
@SuppressWarnings("restricted")
final class LibC {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  static final int PROT_READ_WRITE = 3;
  static final int MAP_SHARED = 1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO = STATE.byteOffset(PathElement.groupElement("errno"));

  /// Where the linker stores errno right after the call, before the JVM can overwrite it.
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private static final MethodHandle OPEN = link("open", 2, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);

  // read(2) and write(2) take three arguments. The address is passed as a number, so that an offset
  // costs no slice object; the segment itself goes along as a fourth argument, in a register that
  // nobody reads. It makes the linker hold the segment's arena open until the call has returned,
  // check the thread of a confined one, and refuse heap memory.
  private static final MethodHandle READ =
      link("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
  private static final MethodHandle WRITE =
      link("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);

  private static final MethodHandle IOCTL =
      link("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle IOCTL_VALUE =
      link("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle FCNTL =
      link("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle EVENTFD = link("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CREATE = link("epoll_create1", JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      link("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle EPOLL_WAIT =
      link("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_PWAIT2 =
      link("epoll_pwait2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SETNS = link("setns", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SCHED_GETAFFINITY =
      link("sched_getaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle SCHED_SETAFFINITY =
      link("sched_setaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = link("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CONNECT =
      link("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = link("listen", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT =
      link("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle SOCKETPAIR =
      link("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle SENDMSG =
      link("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RECVMSG =
      link("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SHUTDOWN = link("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle FSTAT = link("fstat", JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle PREADV2 =
      link("preadv2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MEMFD_CREATE =
      link("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle FTRUNCATE = link("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MMAP =
      link("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle FUTEX =
      link(
          "syscall", 1, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS,
          JAVA_INT);
  private static final MethodHandle MUNMAP = link("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PREAD =
      link("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SIGACTION =
      link("sigaction", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle PTHREAD_SIGMASK =
      link("pthread_sigmask", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle GETTID = link("gettid", JAVA_INT);
  private static final MethodHandle TGKILL = link("tgkill", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

  private static final long SYS_FUTEX = Linux.X86_64 ? 202 : 98;
  private static final int FUTEX_WAKE_OP_PRIVATE = 5 | 128;
  private static final int FUTEX_OP_OR_BIT = (2 | 8) << 28;

  private LibC() {}

  private static MethodHandle link(String name, MemoryLayout result, MemoryLayout... args) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, args),
        Linker.Option.captureCallState("errno"));
  }

  /// @param fixed how many arguments come before the `...` of a variadic function
  private static MethodHandle link(
      String name, int fixed, MemoryLayout result, MemoryLayout... args) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, args),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  /// @param path NUL-terminated
  static int open(MemorySegment path, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) OPEN.invokeExact(state, path, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int close(int fd) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) CLOSE.invokeExact(state, fd), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The caller has checked that the range lies in the buffer and that the buffer is writable.
  static int read(int fd, MemorySegment buffer, long offset, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = buffer.address() + offset;
      return result((long) READ.invokeExact(state, fd, address, (long) length, buffer), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The caller has checked that the range lies in the buffer.
  static int write(int fd, MemorySegment buffer, long offset, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = buffer.address() + offset;
      return result((long) WRITE.invokeExact(state, fd, address, (long) length, buffer), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int ioctl(int fd, long request, MemorySegment argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) IOCTL.invokeExact(state, fd, request, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// For the requests that take their argument by value.
  static int ioctl(int fd, long request, long argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) IOCTL_VALUE.invokeExact(state, fd, request, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int fcntl(int fd, int command, long argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) FCNTL.invokeExact(state, fd, command, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int eventfd(int initial, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) EVENTFD.invokeExact(state, initial, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollCreate(int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) EPOLL_CREATE.invokeExact(state, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, event), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollWait(int epoll, MemorySegment events, int capacity, int timeoutMillis) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) EPOLL_WAIT.invokeExact(state, epoll, events, capacity, timeoutMillis), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param timeout struct timespec
  static int epollWait(int epoll, MemorySegment events, int capacity, MemorySegment timeout) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int)
              EPOLL_PWAIT2.invokeExact(state, epoll, events, capacity, timeout, MemorySegment.NULL),
          state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int setns(int fd, int type) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) SETNS.invokeExact(state, fd, type), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param thread 0 for the calling one
  static int schedGetaffinity(int thread, MemorySegment mask) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) SCHED_GETAFFINITY.invokeExact(state, thread, mask.byteSize(), mask), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param thread 0 for the calling one
  static int schedSetaffinity(int thread, MemorySegment mask) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) SCHED_SETAFFINITY.invokeExact(state, thread, mask.byteSize(), mask), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int socket(int domain, int type, int protocol) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) SOCKET.invokeExact(state, domain, type, protocol), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int bind(int fd, MemorySegment address, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) BIND.invokeExact(state, fd, address, length), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int connect(int fd, MemorySegment address, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) CONNECT.invokeExact(state, fd, address, length), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int listen(int fd, int backlog) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) LISTEN.invokeExact(state, fd, backlog), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// accept4(2) without the address of the other end.
  static int accept(int fd, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) ACCEPT.invokeExact(state, fd, MemorySegment.NULL, MemorySegment.NULL, flags),
          state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int socketpair(int domain, int type, MemorySegment two) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) SOCKETPAIR.invokeExact(state, domain, type, 0, two), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int sendmsg(int fd, MemorySegment message, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((long) SENDMSG.invokeExact(state, fd, message, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int recvmsg(int fd, MemorySegment message, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((long) RECVMSG.invokeExact(state, fd, message, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) GETSOCKOPT.invokeExact(state, fd, level, option, value, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int shutdown(int fd, int how) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) SHUTDOWN.invokeExact(state, fd, how), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int fstat(int fd, MemorySegment status) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) FSTAT.invokeExact(state, fd, status), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// Has the kernel set a bit of an aligned 32-bit word as one atomic step: futex(2) with
  /// `FUTEX_WAKE_OP`, of which waking, of nobody, is left aside.
  ///
  /// @return 0, or `-EFAULT` when the word is not there
  static int setBit(MemorySegment word, int bit) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (long)
              FUTEX.invokeExact(
                  state,
                  SYS_FUTEX,
                  word,
                  FUTEX_WAKE_OP_PRIVATE,
                  0,
                  0L,
                  word,
                  FUTEX_OP_OR_BIT | bit << 12),
          state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// preadv2(2) with one element at the current position.
  static int preadv2(int fd, MemorySegment vector, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((long) PREADV2.invokeExact(state, fd, vector, 1, -1L, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param name NUL-terminated
  static int memfdCreate(MemorySegment name, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) MEMFD_CREATE.invokeExact(state, name, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int ftruncate(int fd, long size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) FTRUNCATE.invokeExact(state, fd, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The address of the mapping, chosen by the kernel. User addresses are positive.
  static long mmap(long size, int protection, int flags, int fd, long offset) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = (long) MMAP.invokeExact(state, 0L, size, protection, flags, fd, offset);
      return address == -1 ? -state.get(JAVA_INT, ERRNO) : address;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int munmap(long address, long size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) MUNMAP.invokeExact(state, address, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// As many bytes as the buffer has, from `position` of the file.
  static int pread(int fd, MemorySegment buffer, long position) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (long) PREAD.invokeExact(state, fd, buffer, buffer.byteSize(), position), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param action struct sigaction, or `NULL` to ask only
  /// @param previous struct sigaction, or `NULL`
  static int sigaction(int signal, MemorySegment action, MemorySegment previous) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) SIGACTION.invokeExact(state, signal, action, previous), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// For the calling thread.
  ///
  /// @param signals sigset_t
  static int pthreadSigmask(int how, MemorySegment signals) {
    MemorySegment state = CAPTURED.get();
    try {
      // Returns the error number instead of setting errno.
      return -(int) PTHREAD_SIGMASK.invokeExact(state, how, signals, MemorySegment.NULL);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The calling thread's number.
  static int gettid() {
    MemorySegment state = CAPTURED.get();
    try {
      return (int) GETTID.invokeExact(state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int tgkill(int process, int thread, int signal) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) TGKILL.invokeExact(state, process, thread, signal), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The address of a function of the C library, to hand to the kernel.
  static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  private static int result(long returned, MemorySegment state) {
    return returned < 0 ? -state.get(JAVA_INT, ERRNO) : (int) returned;
  }

  /// The linker's own checks (closed arena, wrong thread, heap segment) reach the caller unchanged.
  private static RuntimeException unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      return e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    throw new AssertionError("a downcall threw a checked exception", t);
  }
}
