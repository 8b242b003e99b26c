package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.EventFd;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.DriverException;

/// virtio over vhost-user: lets the drivers of a guest in Java drive anybody's back-end.
///
/// ```
///   driver --status, features, config--> VhostUserTransport --messages--> back-end
///          --kick eventfd------------------------------------------------>
///          <--interrupt-- connection's thread <--call, error eventfd------
/// ```
///
/// What vhost-user leaves to the virtual machine monitor is done here as little as a driver can
/// live with: the status is kept here where the back-end does not want to know it; queues have the
/// size that was chosen here; a network card without a configuration space of its own has its link
/// up, and no address, MTU or control queue.
///
/// Used by the guest's thread. A back-end that fails while the driver initialises the device ends
/// in a [DriverException]; one that fails later is a device that is gone, whose fields read as
/// zero.
public final class VhostUserTransport implements VirtioTransport {
  private static final Logger LOG = LoggerFactory.getLogger(VhostUserTransport.class);

  /// Device id of a network card, whose queues come in pairs.
  private static final int NETWORK = 1;

  /// Offset and bits of `status` in the configuration of a network card.
  private static final int NET_STATUS = 6;

  private static final int LINK_UP = 1;

  /// Of a network card, what takes a control queue: it belongs to the monitor, and there is none.
  /// CTRL_GUEST_OFFLOADS, CTRL_VQ to CTRL_MAC_ADDR, DEVICE_STATS to NOTF_COAL, HASH_REPORT, RSS.
  private static final long CONTROLLED = 1L << 2 | 0x7fL << 17 | 0xfL << 50 | 1L << 57 | 1L << 60;

  /// Of a network card, what says that there are fields: MTU, MAC, SPEED_DUPLEX.
  private static final long CONFIGURED = 1L << 3 | 1L << 5 | 1L << 63;

  /// Queues have numbers of 8 bits where eventfds are given to them.
  private static final int MAX_QUEUES = Payload.VRING_INDEX + 1;

  /// Where no interrupt goes.
  private static final int NO_VECTOR = -1;

  private final VhostUserGuest guest;
  private final Frontend frontend;
  private final int deviceId;
  private final String name;
  private final int queueSize;
  private final @Nullable Ring[] rings;
  private final AtomicInteger generation = new AtomicInteger();
  private final BitSet started = new BitSet();
  private boolean shared;
  private boolean running;
  private long accepted;
  private int status;
  private volatile int configVector = NO_VECTOR;

  /// A queue that the driver has placed, its vector and its three eventfds.
  private static final class Ring {
    final VirtQueue.Addresses at;
    final int vector;
    final EventFd kick;
    final EventFd call;
    final EventFd error;

    /// The back-end says so, on the connection's thread.
    volatile boolean broken;

    Ring(VirtQueue.Addresses at, int vector, EventFd kick, EventFd call, EventFd error) {
      this.at = at;
      this.vector = vector;
      this.kick = kick;
      this.call = call;
      this.error = error;
    }
  }

  VhostUserTransport(
      VhostUserGuest guest, Frontend frontend, int deviceId, String name, int queueSize) {
    this.guest = guest;
    this.frontend = frontend;
    this.deviceId = deviceId;
    this.name = name;
    this.queueSize = queueSize;
    this.rings = new @Nullable Ring[queues(frontend, deviceId)];
    frontend.onConfigChange(() -> {
      int _ = generation.incrementAndGet();
      guest.interrupt(configVector);
    });
    frontend.onEnd(() -> {
      int vector = configVector;
      guest.interrupt(vector == NO_VECTOR ? VhostUserGuest.WAKE : vector);
    });
  }

  /// Where the back-end does not say, there are as many as the simplest device of the kind has.
  private static int queues(Frontend frontend, int deviceId) {
    int said = Math.max(frontend.queueNumber(), 1);
    return Math.min(deviceId == NETWORK ? 2 * said : said, MAX_QUEUES);
  }

  @Override
  public int deviceId() {
    return frontend.gone() ? 0 : deviceId;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long deviceFeatures() {
    long offered = frontend.features();
    if (deviceId == NETWORK) {
      offered &= ~CONTROLLED;
      if (!frontend.has(ProtocolFeature.CONFIG)) {
        offered &= ~CONFIGURED;
      }
    }
    return offered;
  }

  @Override
  public void driverFeatures(long features) {
    accepted = features;
  }

  @Override
  public int status() {
    if (running && frontend.has(ProtocolFeature.STATUS)) {
      exchange(() -> status |= frontend.status() & DeviceStatus.NEEDS_RESET);
    }
    boolean lost = running && frontend.gone();
    return lost || anyBroken() ? status | DeviceStatus.NEEDS_RESET : status;
  }

  @Override
  public void status(int value) {
    if (value == 0) {
      reset();
      return;
    }
    int added = value & ~status;
    status |= value;
    exchange(() -> {
      if ((added & DeviceStatus.FEATURES_OK) != 0 && !frontend.accept(accepted)) {
        status &= ~DeviceStatus.FEATURES_OK;
      }
      if ((added & DeviceStatus.DRIVER_OK) != 0) {
        startRings();
      }
      if (frontend.has(ProtocolFeature.STATUS)) {
        frontend.status(status);
        if ((frontend.status() & DeviceStatus.FEATURES_OK) == 0) {
          status &= ~DeviceStatus.FEATURES_OK;
        }
      }
    });
  }

  private interface Messages {
    void exchange() throws IOException;
  }

  private void exchange(Messages messages) {
    if (running && frontend.gone()) {
      return;
    }
    try {
      messages.exchange();
    } catch (IOException e) {
      if (!running || !frontend.gone()) {
        throw failed(e);
      }
      LOG.warn("{}: {}", name, e.getMessage());
    }
  }

  private DriverException failed(IOException e) {
    return new DriverException(name + ": " + e.getMessage());
  }

  private void startRings() throws ProtocolException {
    if (!shared) {
      frontend.share(guest.memory(), VhostUserGuest.MEMORY_BASE);
      shared = true;
    }
    for (int i = 0; i < rings.length; i++) {
      Ring ring = rings[i];
      if (ring != null) {
        started.set(i);
        frontend.watch(ring.call, () -> guest.interrupt(ring.vector));
        frontend.watch(ring.error, () -> faulted(ring));
        frontend.start(
            i, ring.at, VirtQueue.freshPosition(accepted), ring.kick, ring.call, ring.error);
      }
    }
    running = true;
  }

  private boolean anyBroken() {
    for (Ring ring : rings) {
      if (ring != null && ring.broken) {
        return true;
      }
    }
    return false;
  }

  /// A ring is broken: only a reset helps, of which the driver hears as of a configuration change
  /// (2.1.2).
  private void faulted(Ring ring) {
    ring.broken = true;
    guest.interrupt(configVector);
  }

  /// When this returns the back-end touches no memory of the guest (2.4.2): it has said of each
  /// ring that it is stopped. Of a back-end that does not answer nobody knows; the connection is
  /// ended.
  private void reset() {
    try {
      if (!frontend.gone()) {
        stopRings();
      }
    } catch (IOException e) {
      if (!frontend.gone()) {
        throw failed(e);
      }
      LOG.warn("{}: rings may not have stopped: {}", name, e.getMessage());
    }
    running = false;
    started.clear();
    status = 0;
    accepted = 0;
    for (int i = 0; i < rings.length; i++) {
      drop(i);
    }
  }

  private void stopRings() throws ProtocolException {
    for (int i = started.nextSetBit(0); i >= 0; i = started.nextSetBit(i + 1)) {
      int _ = frontend.stop(i);
    }
    if (frontend.has(ProtocolFeature.STATUS)) {
      frontend.status(0);
    } else if (running && frontend.has(ProtocolFeature.RESET_DEVICE)) {
      frontend.resetDevice();
    }
  }

  private void drop(int queue) {
    Ring ring = rings[queue];
    if (ring != null) {
      rings[queue] = null;
      guest.release(ring.vector);
      frontend.unwatch(ring.kick);
      frontend.unwatch(ring.call);
      frontend.unwatch(ring.error);
    }
  }

  @Override
  public long config(int offset, int size) {
    if (!frontend.has(ProtocolFeature.CONFIG)) {
      return ownConfig(offset);
    }
    long[] value = new long[1];
    exchange(() -> {
      byte[] bytes = frontend.config(offset, size);
      for (int i = size - 1; i >= 0; i--) {
        value[0] = value[0] << 8 | (bytes[i] & 0xff);
      }
    });
    return value[0];
  }

  private long ownConfig(int offset) {
    return deviceId == NETWORK && offset == NET_STATUS ? LINK_UP : 0;
  }

  @Override
  public int configGeneration() {
    return generation.get();
  }

  @Override
  public int maxQueueSize(int queue) {
    return queue < rings.length ? queueSize : 0;
  }

  @Override
  public void enableQueue(int queue, VirtQueue.Addresses at, int level, Runnable handler) {
    drop(queue);
    exchange(() -> {
      EventFd kick = EventFd.create();
      EventFd call = EventFd.create();
      rings[queue] = new Ring(at, guest.claim(handler), kick, call, EventFd.create());
    });
  }

  @Override
  public void onConfigChange(Runnable handler) {
    dropConfigHandler();
    configVector = guest.claim(handler);
  }

  private void dropConfigHandler() {
    int vector = configVector;
    if (vector != NO_VECTOR) {
      configVector = NO_VECTOR;
      guest.release(vector);
    }
  }

  @Override
  public void kick(int queue) {
    Ring ring = rings[queue];
    if (ring != null) {
      ring.kick.signal();
    }
  }

  @Override
  public void release() {
    dropConfigHandler();
    for (int i = 0; i < rings.length; i++) {
      drop(i);
    }
  }
}
