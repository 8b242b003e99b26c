package org.vbus.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.vbus.core.loop.Waiter;
import org.vbus.linux.Epoll;
import org.vbus.linux.EventFd;

/// Sleeps in epoll: woken by an eventfd, or by any file descriptor it watches.
public final class EpollWaiter implements Waiter {
  private static final long WAKE = -1;

  /// Descriptors that one wait reports: each further wait costs a loop a look at all it polls.
  private static final int REPORTED = 128;

  /// Longer than this is for ever.
  private static final long LONGEST = 1_000_000L * Integer.MAX_VALUE;

  private final Epoll epoll;
  private final EventFd wake;
  private volatile boolean closed;

  /// What to run when the descriptor of that number is ready.
  private final Map<Integer, Runnable> watched = new ConcurrentHashMap<>();

  /// Opens an epoll instance and an eventfd.
  ///
  /// @throws IOException when the process is out of file descriptors
  public EpollWaiter() throws IOException {
    epoll = Epoll.create(REPORTED);
    wake = EventFd.create();
    epoll.add(wake.fd(), Epoll.READABLE, WAKE);
  }

  @Override
  public void block(long nanos) {
    int ready = nanos > LONGEST ? epoll.await(-1) : epoll.awaitNanos(Math.max(nanos, 0));
    for (int i = 0; i < ready; i++) {
      long tag = epoll.tag(i);
      if (tag == WAKE) {
        wake.drain();
      } else {
        Runnable arrived = watched.get((int) tag);
        if (arrived != null) {
          arrived.run();
        }
      }
    }
  }

  @Override
  public void wake() {
    wake.signal();
  }

  @Override
  public void watch(int fd) {
    add(fd, Epoll.READABLE);
  }

  @Override
  public void watch(int fd, Runnable arrived) {
    watched.put(fd, arrived);
    add(fd, Epoll.READABLE | Epoll.EDGE);
  }

  private void add(int fd, int events) {
    try {
      epoll.add(fd, events, fd);
    } catch (IOException e) {
      if (!closed) {
        throw new UncheckedIOException(e);
      }
      // Nobody will block here again.
    }
  }

  @Override
  public void unwatch(int fd) {
    watched.remove(fd);
    try {
      epoll.remove(fd);
    } catch (IOException e) {
      // It was not watched, or is closed, which ended the watch.
      return;
    }
  }

  @Override
  public void close() {
    closed = true;
    epoll.close();
    wake.close();
  }
}
