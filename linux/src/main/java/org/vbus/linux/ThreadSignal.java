package org.vbus.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Makes the system call that another thread is in return `-EINTR`, as far as it is one that is not
/// restarted: `KVM_RUN` is.
///
/// The signal is SIGURG. HotSpot and the JDK leave it alone (they use SIGSEGV, SIGBUS, SIGFPE,
/// SIGILL, SIGTRAP, SIGPIPE, SIGXFSZ, SIGQUIT, SIGHUP, SIGINT, SIGTERM, SIGUSR2, SIGPROF and
/// SIGRTMAX - 2), the kernel sends it only to those who asked for it, it is not queued, and where
/// nobody handles it, it is ignored: one that comes too late harms nobody. Its handler is `abs(3)`
/// of the C library, which takes an int as a handler does and touches nothing; no Java code runs in
/// a handler. A handler that somebody else installed before stays, and serves as well.
final class ThreadSignal {
  private static final int SIGURG = 23;
  private static final int SA_RESTART = 0x1000_0000;
  private static final int SIG_UNBLOCK = 1;

  // struct sigaction of the C library: handler, sigset_t mask of 128 bytes, int flags, restorer.
  private static final long SIGACTION_FLAGS = 136;
  private static final long SIGACTION_BYTES = 152;
  private static final long SIGSET_BYTES = 128;
  private static final long SIG_IGN = 1;

  private static final int PROCESS = (int) ProcessHandle.current().pid();

  static {
    install();
  }

  private ThreadSignal() {}

  private static void install() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(SIGACTION_BYTES, Long.BYTES);
      int asked = LibC.sigaction(SIGURG, MemorySegment.NULL, action);
      if (asked == 0 && action.get(JAVA_LONG, 0) > SIG_IGN) {
        return;
      }
      action.fill((byte) 0);
      action.set(ADDRESS, 0, LibC.function("abs"));
      action.set(JAVA_INT, SIGACTION_FLAGS, SA_RESTART);
      int set = LibC.sigaction(SIGURG, action, MemorySegment.NULL);
      if (set < 0) {
        throw new IllegalStateException("sigaction of SIGURG: " + Errno.describe(-set));
      }
    }
  }

  /// Lets the signal reach the calling thread, whatever its creator had blocked.
  ///
  /// @return the thread's number, for [#send(int)]
  static int accept() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = arena.allocate(SIGSET_BYTES, Long.BYTES);
      set.set(JAVA_LONG, 0, 1L << (SIGURG - 1));
      int _ = LibC.pthreadSigmask(SIG_UNBLOCK, set);
    }
    return LibC.gettid();
  }

  /// Any thread may call this, as often as it likes.
  ///
  /// @param thread of [#accept()]; one that has ended is none
  static void send(int thread) {
    int _ = LibC.tgkill(PROCESS, thread, SIGURG);
  }
}
