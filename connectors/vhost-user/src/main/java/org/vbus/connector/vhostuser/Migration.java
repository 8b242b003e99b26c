package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.VirtioDevice;
import org.vbus.linux.Fd;

/// What a front-end asks for that moves its guest to another machine: a log of the pages that the
/// device writes, and the device's own state. Control thread.
final class Migration implements AutoCloseable {
  private static final int LOAD = 1;

  private final VirtioDevice device;
  private final Rings rings;
  private final Negotiation agreed;
  private final ControlLoop control;
  private final MessageChannel channel;
  private @Nullable DirtyLog log;
  private @Nullable DeviceState loading;
  private boolean saved;

  Migration(
      VirtioDevice device,
      Rings rings,
      Negotiation agreed,
      ControlLoop control,
      MessageChannel channel) {
    this.device = device;
    this.rings = rings;
    this.agreed = agreed;
    this.control = control;
    this.channel = channel;
  }

  /// Takes over a log. The reply, which without `LOG_SHMFD` nobody expects, says that it is in use
  /// and that the one before it is not touched any more.
  void log(MemorySegment in) throws ProtocolException {
    if (!agreed.has(ProtocolFeature.LOG_SHMFD)) {
      // An address in the front-end, which nobody else can reach.
      return;
    }
    if (channel.size() != 16 || channel.fds().size() != 1) {
      throw new ProtocolException(
          "SET_LOG_BASE with %d bytes and %d file descriptors"
              .formatted(channel.size(), channel.fds().size()));
    }
    DirtyLog before = log;
    log = new DirtyLog(channel.fds().getFirst(), getLong(in, 8), getLong(in, 0));
    logWrites();
    if (before != null) {
      before.close();
    }
    channel.answer(0);
  }

  /// Starts or ends logging, as the features say.
  void logWrites() {
    rings.logWrites(agreed.logsWrites() ? log : null);
  }

  /// Begins a transfer of the device's state.
  ///
  /// @return what the reply says: 0x100, no descriptor of ours, or 1, an error
  long transfer(int direction, int phase) throws ProtocolException {
    if (!rings.suspended() || phase != 0 || direction < 0 || direction > LOAD) {
      return 1;
    }
    drop();
    Fd fd = channel.fds().removeFirst();
    int virtioId = device.spec().virtioId();
    if (direction == LOAD) {
      loading = DeviceState.load(fd, virtioId, control);
      return VRING_NO_FD;
    }
    try (fd) {
      saved = DeviceState.save(fd, virtioId);
    }
    return VRING_NO_FD;
  }

  /// Ends it.
  ///
  /// @return 0 when the state came through whole
  long check() {
    DeviceState loaded = loading;
    boolean good = loaded == null ? saved : loaded.isGood();
    drop();
    return good ? 0 : 1;
  }

  private void drop() {
    DeviceState loaded = loading;
    if (loaded != null) {
      loaded.close();
    }
    loading = null;
    saved = false;
  }

  /// Once no ring runs.
  @Override
  public void close() {
    drop();
    DirtyLog last = log;
    if (last != null) {
      last.close();
    }
  }
}
