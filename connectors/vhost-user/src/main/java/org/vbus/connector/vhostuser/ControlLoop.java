package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.linux.Epoll;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;

/// The thread on which the control connections of one bus are served: sockets are read when they
/// have something, timers run when they are due. No handler blocks on a peer, so one that is slow,
/// or sends half a message, keeps nobody waiting.
///
/// Handlers wait for poll loops (starting and stopping queues); a poll loop must never wait for
/// this thread.
final class ControlLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);

  private final Epoll epoll;
  private final EventFd wake;
  private final Map<Long, Runnable> handlers = new HashMap<>();
  private final Map<Fd, Long> tags = new HashMap<>();
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private long nextTag = 1;
  private volatile boolean running = true;

  private record Timer(long due, Runnable action) implements Comparable<Timer> {
    @Override
    public int compareTo(Timer other) {
      return Long.compare(due - other.due, 0);
    }
  }

  /// A loop that is not started.
  ControlLoop(String name) throws IOException {
    epoll = Epoll.create(16);
    wake = EventFd.create();
    epoll.add(wake.fd(), Epoll.READABLE, 0);
    thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Runs `action` on the loop, soon; any thread.
  void execute(Runnable action) {
    commands.add(action);
    wake.signal();
  }

  /// Runs `action` on the loop after a while; on the loop's thread.
  void after(long millis, Runnable action) {
    timers.add(new Timer(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), action));
  }

  /// Runs `ready` whenever there is something to read from `fd`, or it has ended; on the loop's
  /// thread.
  ///
  /// @throws IOException when the descriptor cannot be waited for
  void watch(Fd fd, Runnable ready) throws IOException {
    watch(fd, Epoll.READABLE, ready);
  }

  /// Runs `ended` once, when the other end of `fd` is gone; on the loop's thread.
  void watchEnd(Fd fd, Runnable ended) throws IOException {
    watch(
        fd,
        0,
        () -> {
          unwatch(fd);
          ended.run();
        });
  }

  private void watch(Fd fd, int events, Runnable ready) throws IOException {
    long tag = nextTag++;
    epoll.add(fd, events, tag);
    handlers.put(tag, ready);
    tags.put(fd, tag);
  }

  /// Before the descriptor is closed; on the loop's thread.
  void unwatch(Fd fd) {
    @Nullable Long tag = tags.remove(fd);
    if (tag == null) {
      return;
    }
    handlers.remove(tag);
    try {
      epoll.remove(fd);
    } catch (IOException e) {
      LOG.debug("descriptor was not watched", e);
    }
  }

  private void run() {
    while (running) {
      int ready = epoll.await(timeout());
      List<Runnable> due = new ArrayList<>();
      for (int i = 0; i < ready; i++) {
        long tag = epoll.tag(i);
        if (tag == 0) {
          wake.drain();
          continue;
        }
        // Looked up when its turn comes: a handler before it may have closed it.
        due.add(() -> handlers.getOrDefault(tag, () -> {}).run());
      }
      while (!timers.isEmpty() && timers.peek().due - System.nanoTime() <= 0) {
        due.add(timers.remove().action);
      }
      due.forEach(ControlLoop::quietly);
      for (Runnable command; (command = commands.poll()) != null; ) {
        quietly(command);
      }
    }
  }

  private int timeout() {
    Timer first = timers.peek();
    if (first == null) {
      return -1;
    }
    long nanos = first.due - System.nanoTime();
    return Math.clamp(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, 0, 60_000);
  }

  private static void quietly(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      LOG.error("control connections go on after a failure", e);
    }
  }

  /// Ends the thread after what it is doing now; commands given before are run. Not on the thread
  /// itself.
  @Override
  public void close() {
    execute(() -> running = false);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    epoll.close();
    wake.close();
  }
}
