package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.loop.LoopMap;
import org.vbus.linux.Errno;
import org.vbus.linux.SystemCallException;
import org.vbus.linux.UnixSocket;

/// One device and its socket: waits for front-ends, or connects to one, again and again, and runs a
/// [Session] with one at a time.
///
/// Control thread only, but for the construction.
final class Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(Endpoint.class);
  private static final long FIRST_RETRY_MILLIS = 20;
  private static final long LAST_RETRY_MILLIS = 1000;
  private static final long PATIENCE_MILLIS = 1000;

  private final Slot slot;
  private final Surroundings around;
  private final ControlLoop control;
  private final @Nullable Path path;
  private final Repeats complaints = new Repeats();
  private @Nullable UnixSocket listener;
  private final Deque<UnixSocket> waiting = new ArrayDeque<>();
  private @Nullable Session session;
  private @Nullable MessageChannel channel;
  private long retryMillis = FIRST_RETRY_MILLIS;
  private boolean open;
  private final Runnable ended;

  /// What the endpoints of a bus share.
  record Surroundings(LoopMap loops, SignalPolicy policy, ControlLoop control) {}

  private Endpoint(Slot slot, Surroundings around, @Nullable Path path, Runnable ended) {
    this.slot = slot;
    this.around = around;
    this.control = around.control();
    this.path = path;
    this.ended = ended;
  }

  /// An endpoint that listens at exactly `path`.
  ///
  /// @throws IOException when it cannot
  static Endpoint listening(Slot slot, Surroundings around, Path path, @Nullable String mode)
      throws IOException {
    Endpoint endpoint = new Endpoint(slot, around, path, () -> {});
    endpoint.listener = UnixSocket.listen(path);
    if (mode != null) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
    return endpoint;
  }

  /// An endpoint on a socket that listens already; its file is not this program's to remove.
  static Endpoint adopting(Slot slot, Surroundings around, UnixSocket listener) {
    Endpoint endpoint = new Endpoint(slot, around, null, () -> {});
    endpoint.listener = listener;
    return endpoint;
  }

  /// An endpoint that connects to `path`, where a front-end listens, now or later.
  static Endpoint connecting(Slot slot, Surroundings around, Path path) {
    return new Endpoint(slot, around, path, () -> {});
  }

  /// An endpoint on a connection that is there already; `ended` hears when the front-end is gone.
  static Endpoint connected(Slot slot, Surroundings around, UnixSocket socket, Runnable ended) {
    Endpoint endpoint = new Endpoint(slot, around, null, ended);
    endpoint.waiting.add(socket);
    return endpoint;
  }

  private String name() {
    return slot.device().name();
  }

  /// Begins.
  void start() {
    open = true;
    UnixSocket server = listener;
    UnixSocket given = waiting.poll();
    if (server != null) {
      watch(server, this::accept);
      LOG.info("{}: listening at {}", name(), path == null ? "an inherited socket" : path);
    } else if (given != null) {
      serve(given);
    } else {
      connect();
    }
  }

  private void watch(UnixSocket socket, Runnable ready) {
    try {
      control.watch(socket.fd(), ready);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void accept() {
    UnixSocket server = listener;
    if (server == null) {
      return;
    }
    try {
      UnixSocket socket = server.accept();
      if (socket == null) {
        return;
      }
      if (session == null) {
        serve(socket);
      } else {
        // The front-end before it may have gone a moment ago.
        waiting.add(socket);
        control.after(PATIENCE_MILLIS, () -> refuse(socket));
      }
    } catch (SystemCallException e) {
      complain("{}: {}", e.getMessage());
    }
  }

  private void refuse(UnixSocket socket) {
    if (waiting.remove(socket)) {
      socket.close();
      complain("{}: refused a second front-end at {}", String.valueOf(path));
    }
  }

  private void connect() {
    if (!open || path == null) {
      return;
    }
    try {
      serve(UnixSocket.connect(path));
      retryMillis = FIRST_RETRY_MILLIS;
    } catch (SystemCallException e) {
      if (retryMillis == FIRST_RETRY_MILLIS) {
        LOG.info("{}: waiting for a front-end at {} ({})", name(), path, Errno.describe(e.errno()));
      }
      retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
      control.after(retryMillis, this::connect);
    }
  }

  private void serve(UnixSocket socket) {
    MessageChannel with = new MessageChannel(socket);
    try {
      session =
          new Session(slot.device(), slot.index(), around.loops(), around.policy(), control, with);
    } catch (IllegalStateException e) {
      // Unplugged at this moment.
      with.close();
      return;
    }
    channel = with;
    watch(socket, this::readable);
    LOG.info("{}: front-end connected", name());
  }

  private void readable() {
    Session now = session;
    if (now == null) {
      return;
    }
    try {
      if (!now.readable()) {
        LOG.info("{}: front-end disconnected", name());
        end();
      }
    } catch (ProtocolException e) {
      complain("{}: connection closed: {}", e.getMessage());
      end();
    } catch (InternalError e) {
      complain("{}: connection closed: memory that was shared went away ({})", e.getMessage());
      end();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: connection closed after a failure", name(), e);
      end();
    }
  }

  private void complain(String text, @Nullable String what) {
    if (complaints.worthALine()) {
      LOG.warn(text, name(), what);
    }
  }

  /// The conversation is over; waits for the next.
  private void end() {
    endSession();
    if (!open) {
      return;
    }
    UnixSocket next = waiting.poll();
    if (next != null) {
      serve(next);
    } else if (listener == null) {
      control.after(retryMillis, this::connect);
      ended.run();
    }
  }

  private void endSession() {
    Session last = session;
    MessageChannel with = channel;
    session = null;
    channel = null;
    if (with != null) {
      control.unwatch(with.socket().fd());
    }
    if (last != null) {
      last.close();
    }
  }

  /// Ends for good: the device is detached, the socket and its file are gone.
  void close() {
    open = false;
    endSession();
    waiting.forEach(UnixSocket::close);
    waiting.clear();
    UnixSocket server = listener;
    if (server != null) {
      listener = null;
      control.unwatch(server.fd());
      server.close();
      if (path != null) {
        try {
          Files.deleteIfExists(path);
        } catch (IOException e) {
          LOG.warn("{}: {} stays behind: {}", name(), path, e.getMessage());
        }
      }
    }
  }
}
