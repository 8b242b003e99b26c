package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.vbus.connector.vhostuser.Payload.*;

import java.lang.foreign.MemorySegment;
import org.vbus.core.device.NetworkLink;
import org.vbus.core.device.VirtioDevice;

/// What a front-end asks of the device itself rather than of its rings: the configuration space,
/// and what a network card does for a guest that moved. Control thread.
final class Configuration {
  private static final int NETWORK = 1;

  private final VirtioDevice device;
  private final MessageChannel channel;

  Configuration(VirtioDevice device, MessageChannel channel) {
    this.device = device;
    this.channel = channel;
  }

  /// How many queues there are; of a network device front-ends count pairs.
  int queueNumber() {
    int queues = device.queueCount();
    return device.spec().virtioId() == NETWORK ? queues / 2 : queues;
  }

  void get(MemorySegment in) throws ProtocolException {
    int offset = getInt(in, 0);
    int size = getInt(in, 4);
    checkRange(offset, size);
    MemorySegment body = channel.body();
    putInt(body, 0, offset);
    putInt(body, 4, size);
    putInt(body, 8, getInt(in, 8));
    for (int i = 0; i < size; i++) {
      body.set(JAVA_BYTE, CONFIG + (long) i, (byte) device.readConfig(offset + i, 1));
    }
    channel.reply(CONFIG + size);
  }

  /// Fields that a driver may write; the flag for a migration lets it write others too, of which no
  /// device here keeps any.
  void set(MemorySegment in) throws ProtocolException {
    int offset = getInt(in, 0);
    int size = getInt(in, 4);
    checkRange(offset, size);
    if (channel.size() != CONFIG + size) {
      throw new ProtocolException(
          "SET_CONFIG of %d bytes with %d".formatted(size, channel.size() - CONFIG));
    }
    for (int i = 0; i < size; i++) {
      byte value = in.get(JAVA_BYTE, CONFIG + (long) i);
      device.writeConfig(offset + i, 1, value & 0xff);
    }
  }

  private void checkRange(int offset, int size) throws ProtocolException {
    if (offset < 0 || size < 0 || offset > MAX_CONFIG || size > MAX_CONFIG - offset) {
      throw new ProtocolException(
          "%s of %d bytes at %d"
              .formatted(
                  Request.of(channel.request()),
                  Integer.toUnsignedLong(size),
                  Integer.toUnsignedLong(offset)));
    }
  }

  /// Has the network learn where the guest's card is now.
  ///
  /// @return whether the device could
  boolean announce(MemorySegment in) {
    if (!(device.model() instanceof NetworkLink link)) {
      return false;
    }
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (in.get(JAVA_BYTE, i) & 0xff);
    }
    return link.announce(mac);
  }

  /// Sets the largest payload of a frame.
  ///
  /// @return whether the device could
  boolean mtu(long mtu) {
    return device.model() instanceof NetworkLink link
        && mtu >= 0
        && mtu <= 0xffff
        && link.mtu((int) mtu);
  }
}
