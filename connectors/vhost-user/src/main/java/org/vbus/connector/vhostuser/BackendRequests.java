package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.linux.UnixSocket;

/// Takes the back-end's requests on the socket of `SET_BACKEND_REQ_FD`: hears that the
/// configuration changed, refuses everything else, and answers what wants an answer.
///
/// A back-end that misuses the socket loses it, nothing more. Control loop only.
final class BackendRequests implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BackendRequests.class);
  private static final int MESSAGES_PER_TURN = 64;

  private final MessageChannel channel;
  private final ControlLoop control;
  private final Runnable configChanged;

  /// @param socket our end of the pair
  BackendRequests(UnixSocket socket, ControlLoop control, Runnable configChanged) {
    this.channel = new MessageChannel(socket);
    this.control = control;
    this.configChanged = configChanged;
  }

  void start() {
    try {
      control.watch(channel.socket().fd(), this::readable);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void readable() {
    try {
      for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        switch (channel.read()) {
          case INCOMPLETE -> {
            return;
          }
          case CLOSED -> {
            control.unwatch(channel.socket().fd());
            return;
          }
          case MESSAGE -> handle();
        }
      }
    } catch (ProtocolException e) {
      LOG.warn("back-end's requests are not taken any more: {}", e.getMessage());
      close();
    }
  }

  private void handle() throws ProtocolException {
    boolean done = channel.request() == BackendChannel.CONFIG_CHANGE;
    if (done) {
      configChanged.run();
    } else {
      LOG.debug("back-end's request {} refused", Integer.toUnsignedLong(channel.request()));
    }
    if ((channel.flags() & NEED_REPLY) != 0) {
      channel.answer(done ? 0 : 1);
    }
  }

  @Override
  public void close() {
    control.unwatch(channel.socket().fd());
    channel.close();
  }
}
