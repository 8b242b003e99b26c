package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vbus.core.memory.LittleEndian;
import org.vbus.linux.Errno;
import org.vbus.linux.Fd;

/// A device's own state on its way to or from a front-end that migrates the guest
/// (`SET_DEVICE_STATE_FD`). What drivers set is the front-end's to carry, and no device here has
/// more; so the state says only what device it is of, which the other side checks.
///
/// ```
/// 0 u32 magic   4 u32 version   8 u32 virtio id
/// ```
///
/// Control thread.
final class DeviceState implements AutoCloseable {
  private static final int MAGIC = 0x73756276;
  private static final int VERSION = 1;
  private static final int SIZE = 12;
  private static final int LONGEST = 64 << 10;

  private final Fd fd;
  private final ControlLoop control;
  private final int virtioId;
  private final MemorySegment bytes = Arena.ofAuto().allocate(LONGEST);
  private int received;
  private boolean ended;

  private DeviceState(Fd fd, ControlLoop control, int virtioId) {
    this.fd = fd;
    this.control = control;
    this.virtioId = virtioId;
  }

  /// Writes the state of a device and ends the transfer.
  ///
  /// @return whether the channel took it
  static boolean save(Fd fd, int virtioId) throws ProtocolException {
    nonBlocking(fd);
    MemorySegment state = Arena.ofAuto().allocate(SIZE);
    state.set(LittleEndian.INT_ANY, 0, MAGIC);
    state.set(LittleEndian.INT_ANY, 4, VERSION);
    state.set(LittleEndian.INT_ANY, 8, virtioId);
    return fd.write(state, 0, SIZE) == SIZE;
  }

  /// Begins to read a state; [#isGood()] says how it ended.
  static DeviceState load(Fd fd, int virtioId, ControlLoop control) throws ProtocolException {
    nonBlocking(fd);
    DeviceState state = new DeviceState(fd, control, virtioId);
    try {
      control.watch(fd, state::read);
    } catch (IOException e) {
      fd.close();
      throw new ProtocolException("SET_DEVICE_STATE_FD with a descriptor that is no channel", e);
    }
    return state;
  }

  private static void nonBlocking(Fd fd) throws ProtocolException {
    try {
      fd.makeNonBlocking("state channel");
    } catch (IOException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  private void read() {
    while (!ended) {
      // What is too long is read all the same, so that the writer comes to its end.
      int at = Math.min(received, LONGEST / 2);
      int n = fd.read(bytes, at, LONGEST - at);
      if (n == -Errno.EAGAIN) {
        return;
      }
      if (n <= 0) {
        ended = true;
        control.unwatch(fd);
      } else {
        received = at + n;
      }
    }
  }

  /// Whether all has come and was the state of such a device.
  boolean isGood() {
    read();
    return ended
        && received == SIZE
        && bytes.get(LittleEndian.INT_ANY, 0) == MAGIC
        && bytes.get(LittleEndian.INT_ANY, 4) == VERSION
        && bytes.get(LittleEndian.INT_ANY, 8) == virtioId;
  }

  @Override
  public void close() {
    control.unwatch(fd);
    fd.close();
  }
}
