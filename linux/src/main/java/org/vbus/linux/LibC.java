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
/// Callers must have passed [Linux#require()]. A function is linked when it is first called,
/// because to link one takes longer than most programs that use a few of them take to start: hence
/// a class for each handle, which is as constant to the compiler as a field of this one.
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

  private static final class Open {
    static final MethodHandle CALL = link("open", 2, JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Close {
    static final MethodHandle CALL = link("close", JAVA_INT, JAVA_INT);
  }

  // read(2) and write(2) take three arguments. The address is passed as a number, so that an offset
  // costs no slice object; the segment itself goes along as a fourth argument, in a register that
  // nobody reads. It makes the linker hold the segment's arena open until the call has returned,
  // check the thread of a confined one, and refuse heap memory.
  private static final class Read {
    static final MethodHandle CALL =
        link("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
  }

  private static final class Write {
    static final MethodHandle CALL =
        link("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
  }

  private static final class Ioctl {
    static final MethodHandle CALL = link("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  }

  private static final class IoctlValue {
    static final MethodHandle CALL = link("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  }

  private static final class Fcntl {
    static final MethodHandle CALL = link("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  }

  private static final class Eventfd {
    static final MethodHandle CALL = link("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  }

  private static final class EpollCreate {
    static final MethodHandle CALL = link("epoll_create1", JAVA_INT, JAVA_INT);
  }

  private static final class EpollCtl {
    static final MethodHandle CALL =
        link("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  }

  private static final class EpollWait {
    static final MethodHandle CALL =
        link("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  }

  private static final class EpollPwait2 {
    static final MethodHandle CALL =
        link("epoll_pwait2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  }

  private static final class Setns {
    static final MethodHandle CALL = link("setns", JAVA_INT, JAVA_INT, JAVA_INT);
  }

  private static final class SchedGetaffinity {
    static final MethodHandle CALL =
        link("sched_getaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  }

  private static final class SchedSetaffinity {
    static final MethodHandle CALL =
        link("sched_setaffinity", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  }

  private static final class Socket {
    static final MethodHandle CALL = link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  }

  private static final class Bind {
    static final MethodHandle CALL = link("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Connect {
    static final MethodHandle CALL = link("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Listen {
    static final MethodHandle CALL = link("listen", JAVA_INT, JAVA_INT, JAVA_INT);
  }

  private static final class Accept {
    static final MethodHandle CALL =
        link("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  }

  private static final class Socketpair {
    static final MethodHandle CALL =
        link("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  }

  private static final class Sendmsg {
    static final MethodHandle CALL = link("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Recvmsg {
    static final MethodHandle CALL = link("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Getsockopt {
    static final MethodHandle CALL =
        link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  }

  private static final class Shutdown {
    static final MethodHandle CALL = link("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
  }

  private static final class Fstat {
    static final MethodHandle CALL = link("fstat", JAVA_INT, JAVA_INT, ADDRESS);
  }

  private static final class Preadv2 {
    static final MethodHandle CALL =
        link("preadv2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
  }

  private static final class MemfdCreate {
    static final MethodHandle CALL = link("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  }

  private static final class Ftruncate {
    static final MethodHandle CALL = link("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
  }

  private static final class Mmap {
    static final MethodHandle CALL =
        link("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  }

  private static final class Futex {
    static final MethodHandle CALL =
        link(
            "syscall", 1, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS,
            JAVA_INT);
  }

  private static final class Munmap {
    static final MethodHandle CALL = link("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  }

  private static final class Pread {
    static final MethodHandle CALL =
        link("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  }

  private static final class Sigaction {
    static final MethodHandle CALL = link("sigaction", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  }

  private static final class PthreadSigmask {
    static final MethodHandle CALL = link("pthread_sigmask", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  }

  private static final class Gettid {
    static final MethodHandle CALL = link("gettid", JAVA_INT);
  }

  private static final class Tgkill {
    static final MethodHandle CALL = link("tgkill", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  }

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
      return result((int) Open.CALL.invokeExact(state, path, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int close(int fd) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Close.CALL.invokeExact(state, fd), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The caller has checked that the range lies in the buffer and that the buffer is writable.
  static int read(int fd, MemorySegment buffer, long offset, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = buffer.address() + offset;
      return result((long) Read.CALL.invokeExact(state, fd, address, (long) length, buffer), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The caller has checked that the range lies in the buffer.
  static int write(int fd, MemorySegment buffer, long offset, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = buffer.address() + offset;
      return result(
          (long) Write.CALL.invokeExact(state, fd, address, (long) length, buffer), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int ioctl(int fd, long request, MemorySegment argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Ioctl.CALL.invokeExact(state, fd, request, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// For the requests that take their argument by value.
  static int ioctl(int fd, long request, long argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) IoctlValue.CALL.invokeExact(state, fd, request, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int fcntl(int fd, int command, long argument) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Fcntl.CALL.invokeExact(state, fd, command, argument), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int eventfd(int initial, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Eventfd.CALL.invokeExact(state, initial, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollCreate(int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) EpollCreate.CALL.invokeExact(state, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) EpollCtl.CALL.invokeExact(state, epoll, operation, fd, event), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int epollWait(int epoll, MemorySegment events, int capacity, int timeoutMillis) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) EpollWait.CALL.invokeExact(state, epoll, events, capacity, timeoutMillis), state);
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
              EpollPwait2.CALL.invokeExact(
                  state, epoll, events, capacity, timeout, MemorySegment.NULL),
          state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int setns(int fd, int type) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Setns.CALL.invokeExact(state, fd, type), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param thread 0 for the calling one
  static int schedGetaffinity(int thread, MemorySegment mask) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) SchedGetaffinity.CALL.invokeExact(state, thread, mask.byteSize(), mask), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param thread 0 for the calling one
  static int schedSetaffinity(int thread, MemorySegment mask) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) SchedSetaffinity.CALL.invokeExact(state, thread, mask.byteSize(), mask), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int socket(int domain, int type, int protocol) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Socket.CALL.invokeExact(state, domain, type, protocol), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int bind(int fd, MemorySegment address, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Bind.CALL.invokeExact(state, fd, address, length), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int connect(int fd, MemorySegment address, int length) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Connect.CALL.invokeExact(state, fd, address, length), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int listen(int fd, int backlog) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Listen.CALL.invokeExact(state, fd, backlog), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// accept4(2) without the address of the other end.
  static int accept(int fd, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) Accept.CALL.invokeExact(state, fd, MemorySegment.NULL, MemorySegment.NULL, flags),
          state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int socketpair(int domain, int type, MemorySegment two) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Socketpair.CALL.invokeExact(state, domain, type, 0, two), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int sendmsg(int fd, MemorySegment message, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((long) Sendmsg.CALL.invokeExact(state, fd, message, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int recvmsg(int fd, MemorySegment message, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((long) Recvmsg.CALL.invokeExact(state, fd, message, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (int) Getsockopt.CALL.invokeExact(state, fd, level, option, value, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int shutdown(int fd, int how) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Shutdown.CALL.invokeExact(state, fd, how), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int fstat(int fd, MemorySegment status) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Fstat.CALL.invokeExact(state, fd, status), state);
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
              Futex.CALL.invokeExact(
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
      return result((long) Preadv2.CALL.invokeExact(state, fd, vector, 1, -1L, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param name NUL-terminated
  static int memfdCreate(MemorySegment name, int flags) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) MemfdCreate.CALL.invokeExact(state, name, flags), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int ftruncate(int fd, long size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Ftruncate.CALL.invokeExact(state, fd, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The address of the mapping, chosen by the kernel. User addresses are positive.
  static long mmap(long size, int protection, int flags, int fd, long offset) {
    MemorySegment state = CAPTURED.get();
    try {
      long address = (long) Mmap.CALL.invokeExact(state, 0L, size, protection, flags, fd, offset);
      return address == -1 ? -state.get(JAVA_INT, ERRNO) : address;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int munmap(long address, long size) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Munmap.CALL.invokeExact(state, address, size), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// As many bytes as the buffer has, from `position` of the file.
  static int pread(int fd, MemorySegment buffer, long position) {
    MemorySegment state = CAPTURED.get();
    try {
      return result(
          (long) Pread.CALL.invokeExact(state, fd, buffer, buffer.byteSize(), position), state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// @param action struct sigaction, or `NULL` to ask only
  /// @param previous struct sigaction, or `NULL`
  static int sigaction(int signal, MemorySegment action, MemorySegment previous) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Sigaction.CALL.invokeExact(state, signal, action, previous), state);
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
      return -(int) PthreadSigmask.CALL.invokeExact(state, how, signals, MemorySegment.NULL);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /// The calling thread's number.
  static int gettid() {
    MemorySegment state = CAPTURED.get();
    try {
      return (int) Gettid.CALL.invokeExact(state);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int tgkill(int process, int thread, int signal) {
    MemorySegment state = CAPTURED.get();
    try {
      return result((int) Tgkill.CALL.invokeExact(state, process, thread, signal), state);
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
