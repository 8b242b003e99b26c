package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.linux.Errno;
import org.vbus.linux.Fd;
import org.vbus.linux.UnixSocket;

/// Requests of the back-end to the front-end, on the socket of `SET_BACKEND_REQ_FD`. None asks for
/// a reply; what comes all the same is read and forgotten. Any thread sends.
final class BackendChannel implements AutoCloseable {
  static final int CONFIG_CHANGE = 2;
  static final int VRING_CALL = 4;
  static final int VRING_ERR = 5;

  private static final Logger LOG = LoggerFactory.getLogger(BackendChannel.class);

  private final UnixSocket socket;
  private final ControlLoop control;
  private final MemorySegment out = Arena.ofAuto().allocate(Payload.HEADER + 8, 8);
  private final MemorySegment ignored = Arena.ofAuto().allocate(256);

  BackendChannel(Fd fd, ControlLoop control) throws ProtocolException {
    this.socket = UnixSocket.adopt(fd);
    this.control = control;
    try {
      control.watch(fd, this::readReplies);
    } catch (IOException e) {
      socket.close();
      throw new ProtocolException("SET_BACKEND_REQ_FD with a descriptor that is no socket", e);
    }
  }

  /// The configuration space changed.
  void configChanged() {
    send(CONFIG_CHANGE, 0, 0);
  }

  /// Used buffers in a queue that has no call descriptor.
  void called(int queue) {
    send(VRING_CALL, 8, queue);
  }

  /// A queue that has no error descriptor is broken.
  void broken(int queue) {
    send(VRING_ERR, 8, queue);
  }

  /// A socket that is full holds messages that the front-end has not looked at yet; when it does it
  /// finds what this one is about too.
  private synchronized void send(int request, int size, int queue) {
    Payload.putInt(out, 0, request);
    Payload.putInt(out, 4, Payload.VERSION);
    Payload.putInt(out, 8, size);
    Payload.putLong(out, Payload.HEADER, queue);
    int n = socket.send(out, 0, Payload.HEADER + size, List.of());
    if (n < 0 && n != -Errno.EAGAIN) {
      LOG.debug("front-end does not take request {}: {}", request, Errno.describe(-n));
    }
  }

  private void readReplies() {
    List<Fd> fds = new ArrayList<>();
    int n = socket.receive(ignored, 0, (int) ignored.byteSize(), fds);
    fds.forEach(Fd::close);
    if (n <= 0 && n != -Errno.EAGAIN) {
      control.unwatch(socket.fd());
    }
  }

  /// On the control thread.
  @Override
  public void close() {
    control.unwatch(socket.fd());
    socket.close();
  }
}
