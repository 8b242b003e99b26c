package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.NetworkLink;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;

/// The back-end's half of one conversation: what the front-end's messages do to one device.
///
/// Everything a message changes is applied before the next one is read, and before it is
/// acknowledged. A message that breaks the protocol ends the conversation; the device is then as if
/// the driver had gone, ready for the next front-end.
///
/// Control thread only, but for the signals, which come from loops.
final class Session implements DeviceSignals, AutoCloseable {
  /// What is offered. Not: cross-endian, crypto, page faults, host notifiers, Xen mappings, shared
  /// objects.
  static final long PROTOCOL_FEATURES =
      ProtocolFeature.setOf(
          ProtocolFeature.MQ,
          ProtocolFeature.LOG_SHMFD,
          ProtocolFeature.RARP,
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.MTU,
          ProtocolFeature.BACKEND_REQ,
          ProtocolFeature.CONFIG,
          ProtocolFeature.BACKEND_SEND_FD,
          ProtocolFeature.RESET_DEVICE,
          ProtocolFeature.INBAND_NOTIFICATIONS,
          ProtocolFeature.CONFIGURE_MEM_SLOTS,
          ProtocolFeature.STATUS,
          ProtocolFeature.DEVICE_STATE);

  /// Feature bit of the protocol itself, where virtio has none.
  static final long F_PROTOCOL_FEATURES = 1L << 30;

  /// Feature bit that starts the dirty log, where virtio has none.
  static final long F_LOG_ALL = 1L << 26;

  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final int MESSAGES_PER_TURN = 64;
  private static final int NETWORK = 1;
  private static final int LOAD = 1;

  private final VirtioDevice device;
  private final ControlLoop control;
  private final MessageChannel channel;
  private final Vring[] vrings;
  private final boolean calls;
  private MemoryTable table = MemoryTable.EMPTY;
  private @Nullable DirtyLog log;
  private @Nullable DeviceState state;
  private boolean stateSaved;
  private long protocolFeatures;
  private long features;
  private int status;
  private volatile @Nullable BackendChannel backend;
  private volatile boolean inband;

  /// Attaches the device to a front-end that has just connected.
  Session(
      VirtioDevice device,
      int slot,
      LoopMap loops,
      SignalPolicy policy,
      ControlLoop control,
      MessageChannel channel) {
    this.device = device;
    this.calls = policy != SignalPolicy.POLLED;
    this.control = control;
    this.channel = channel;
    this.vrings = new Vring[device.queueCount()];
    for (int i = 0; i < vrings.length; i++) {
      vrings[i] = new Vring(device, i, loops.loop(slot, i));
    }
    device.attach(new Attachment(table.memory(), this, loops));
  }

  /// Handles what has arrived.
  ///
  /// @return false when the front-end has closed the connection
  /// @throws ProtocolException when the connection is to be closed
  boolean readable() throws ProtocolException {
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
      switch (channel.read()) {
        case CLOSED -> {
          return false;
        }
        case INCOMPLETE -> {
          return true;
        }
        case MESSAGE -> handle();
      }
    }
    return true;
  }

  private void handle() throws ProtocolException {
    Request request = Request.of(channel.request());
    if ((channel.flags() & REPLY) != 0) {
      throw new ProtocolException("a reply that nobody asked for");
    }
    if (request == null) {
      throw new ProtocolException(
          "request %d, which is unknown or was not offered"
              .formatted(Integer.toUnsignedLong(channel.request())));
    }
    request.check(channel.size(), channel.fds().size(), protocolFeatures);
    LOG.trace("{}: {}", device.name(), request);
    MemorySegment in = channel.payload();
    boolean done = true;
    switch (request) {
      case GET_FEATURES -> reply(offered());
      case SET_FEATURES -> setFeatures(getLong(in, 0));
      case SET_OWNER, SET_LOG_FD -> {}
      case RESET_OWNER -> disableAll();
      case SET_MEM_TABLE -> setMemoryTable(in);
      case SET_LOG_BASE -> setLog(in);
      case SET_VRING_NUM -> setSize(vring(getInt(in, 0)), getInt(in, 4));
      case SET_VRING_ADDR -> setAddresses(in);
      case SET_VRING_BASE -> vring(getInt(in, 0)).base(getInt(in, 4));
      case GET_VRING_BASE -> getBase(vring(getInt(in, 0)));
      case SET_VRING_KICK -> setKick(in);
      case SET_VRING_CALL -> vring(in).call(eventFd("call", in));
      case SET_VRING_ERR -> vring(in).error(eventFd("error", in));
      case GET_PROTOCOL_FEATURES -> reply(PROTOCOL_FEATURES);
      case SET_PROTOCOL_FEATURES -> setProtocolFeatures(getLong(in, 0));
      case GET_QUEUE_NUM -> reply(queueNumber());
      case SET_VRING_ENABLE -> enable(vring(getInt(in, 0)), getInt(in, 4));
      case SEND_RARP -> done = announce(in);
      case NET_SET_MTU -> done = setMtu(getLong(in, 0));
      case SET_BACKEND_REQ_FD -> setBackendChannel();
      case GET_CONFIG -> getConfig(in);
      case SET_CONFIG -> done = setConfig(in);
      case RESET_DEVICE -> reset();
      case VRING_KICK -> kickInBand(vring(getInt(in, 0)));
      case GET_MAX_MEM_SLOTS -> reply(MemoryTable.MAX_REGIONS);
      case ADD_MEM_REG -> replaceTable(table.with(place(in, HEAD), channel.fds().getFirst()));
      case REM_MEM_REG -> replaceTable(table.without(place(in, HEAD)));
      case SET_STATUS -> setStatus((int) getLong(in, 0));
      case GET_STATUS -> reply(status | (device.status() & DeviceStatus.NEEDS_RESET));
      case SET_DEVICE_STATE_FD -> reply(transferState(getInt(in, 0), getInt(in, 4)));
      case CHECK_DEVICE_STATE -> reply(checkState());
      default -> throw new ProtocolException(request + ", which was not offered");
    }
    if (!REPLIES.contains(request)
        && (channel.flags() & NEED_REPLY) != 0
        && ProtocolFeature.REPLY_ACK.in(protocolFeatures)) {
      reply(done ? 0 : 1);
    }
  }

  /// Requests with a reply of their own.
  private static final Set<Request> REPLIES =
      EnumSet.of(
          Request.GET_FEATURES,
          Request.GET_PROTOCOL_FEATURES,
          Request.GET_VRING_BASE,
          Request.GET_QUEUE_NUM,
          Request.GET_CONFIG,
          Request.GET_MAX_MEM_SLOTS,
          Request.GET_STATUS,
          Request.GET_INFLIGHT_FD,
          Request.SET_DEVICE_STATE_FD,
          Request.CHECK_DEVICE_STATE);

  private void reply(long value) throws ProtocolException {
    putLong(channel.body(), 0, value);
    channel.send(channel.request(), REPLY, 8, List.of());
  }

  private Vring vring(int index) throws ProtocolException {
    if (index < 0 || index >= vrings.length) {
      throw new ProtocolException(
          "%s for queue %d of %d"
              .formatted(
                  Request.of(channel.request()), Integer.toUnsignedLong(index), vrings.length));
    }
    return vrings[index];
  }

  /// The ring that a `u64` with a descriptor is about.
  private Vring vring(MemorySegment in) throws ProtocolException {
    return vring((int) getLong(in, 0) & VRING_INDEX);
  }

  /// The eventfd of the message, null where its flag says that there is none.
  private @Nullable EventFd eventFd(String what, MemorySegment in) throws ProtocolException {
    boolean none = (getLong(in, 0) & VRING_NO_FD) != 0;
    if (none != channel.fds().isEmpty()) {
      throw new ProtocolException(
          "%s with %d file descriptors and flags 0x%x"
              .formatted(Request.of(channel.request()), channel.fds().size(), getLong(in, 0)));
    }
    if (none) {
      return null;
    }
    try {
      return EventFd.adopt(what + " descriptor", channel.fds().removeFirst());
    } catch (IOException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  private long offered() {
    return device.offeredFeatures() | F_PROTOCOL_FEATURES | F_LOG_ALL;
  }

  private void setFeatures(long accepted) throws ProtocolException {
    if ((accepted & ~offered()) != 0) {
      throw new ProtocolException(
          "SET_FEATURES with 0x%x, which was not offered".formatted(accepted & ~offered()));
    }
    long changed = accepted ^ features;
    features = accepted;
    if ((changed & ~F_LOG_ALL) != 0) {
      long forDevice = accepted & device.offeredFeatures();
      restart(() -> device.negotiate(forDevice));
    }
    if ((changed & F_LOG_ALL) != 0) {
      logWrites();
    }
    if ((accepted & F_PROTOCOL_FEATURES) == 0) {
      for (Vring vring : vrings) {
        vring.enable(true);
      }
    }
    startWhatCan();
  }

  private void setProtocolFeatures(long accepted) throws ProtocolException {
    if ((accepted & ~PROTOCOL_FEATURES) != 0) {
      throw new ProtocolException(
          "SET_PROTOCOL_FEATURES with 0x%x, which was not offered"
              .formatted(accepted & ~PROTOCOL_FEATURES));
    }
    boolean messages = ProtocolFeature.INBAND_NOTIFICATIONS.in(accepted);
    if (messages
        && !(ProtocolFeature.BACKEND_REQ.in(accepted) && ProtocolFeature.REPLY_ACK.in(accepted))) {
      throw new ProtocolException("INBAND_NOTIFICATIONS without BACKEND_REQ and REPLY_ACK");
    }
    protocolFeatures = accepted;
    inband = messages;
  }

  /// Two queues make one pair of a network device, which is what its front-ends count.
  private int queueNumber() {
    return device.spec().virtioId() == NETWORK ? vrings.length / 2 : vrings.length;
  }

  // Memory.

  private void setMemoryTable(MemorySegment in) throws ProtocolException {
    long count = getInt(in, 0) & 0xffffffffL;
    // Some front-ends send the whole array, whatever is used of it.
    if (count > MAX_REGIONS
        || channel.size() < HEAD + count * REGION
        || count != channel.fds().size()) {
      throw new ProtocolException(
          "SET_MEM_TABLE of %d regions with %d bytes and %d file descriptors"
              .formatted(count, channel.size(), channel.fds().size()));
    }
    List<MemoryTable.Place> places = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      places.add(place(in, HEAD + (long) i * REGION));
    }
    replaceTable(MemoryTable.of(places, channel.fds()));
  }

  private static MemoryTable.Place place(MemorySegment in, long at) {
    return new MemoryTable.Place(
        getLong(in, at), getLong(in, at + 8), getLong(in, at + 16), getLong(in, at + 24));
  }

  /// Moves the device to another memory table: its queues stop, go on where they are in the new
  /// one, and only then is anything unmapped.
  private void replaceTable(MemoryTable next) throws ProtocolException {
    MemoryTable before = table;
    table = next;
    try {
      restart(() -> device.replaceMemory(next.memory()));
    } finally {
      before.unmapAllBut(next);
    }
    startWhatCan();
  }

  // Migration.

  private void setLog(MemorySegment in) throws ProtocolException {
    if (!ProtocolFeature.LOG_SHMFD.in(protocolFeatures)) {
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
    reply(0);
  }

  /// Has the log hear of all that is written, or of nothing.
  private void logWrites() {
    DirtyLog to = (features & F_LOG_ALL) == 0 ? null : log;
    for (Vring vring : vrings) {
      device.logWrites(vring.index(), to, vring.usedLog());
    }
  }

  /// @return what the reply says: 0x100, no descriptor of ours, or 1, an error
  private long transferState(int direction, int phase) throws ProtocolException {
    for (Vring vring : vrings) {
      if (vring.running()) {
        return 1;
      }
    }
    if (phase != 0 || direction < 0 || direction > 1) {
      return 1;
    }
    dropState();
    Fd fd = channel.fds().removeFirst();
    if (direction == LOAD) {
      state = DeviceState.load(fd, device.spec().virtioId(), control);
      return VRING_NO_FD;
    }
    try (fd) {
      stateSaved = DeviceState.save(fd, device.spec().virtioId());
    }
    return VRING_NO_FD;
  }

  private long checkState() {
    DeviceState loaded = state;
    boolean good = loaded == null ? stateSaved : loaded.isGood();
    dropState();
    return good ? 0 : 1;
  }

  private void dropState() {
    DeviceState loaded = state;
    if (loaded != null) {
      loaded.close();
    }
    state = null;
    stateSaved = false;
  }

  // Rings.

  private interface Change {
    void run() throws ProtocolException;
  }

  /// Makes a change while no queue runs; those that ran go on afterwards.
  private void restart(Runnable change) throws ProtocolException {
    inOneStep(() -> {
      List<Vring> ran = new ArrayList<>();
      for (Vring vring : vrings) {
        if (vring.running()) {
          vring.pause();
          ran.add(vring);
        }
      }
      change.run();
      for (Vring vring : ran) {
        start(vring);
      }
    });
  }

  /// Several changes of queues for which the device stops and starts once.
  private void inOneStep(Change changes) throws ProtocolException {
    ProtocolException[] failure = new ProtocolException[1];
    device.reconfigure(() -> {
      try {
        changes.run();
      } catch (ProtocolException e) {
        failure[0] = e;
      }
    });
    if (failure[0] != null) {
      throw failure[0];
    }
  }

  private void start(Vring vring) throws ProtocolException {
    if (table.isEmpty() || !vring.runnable() || vring.running()) {
      return;
    }
    if (!Feature.VERSION_1.in(features)) {
      throw new ProtocolException(
          "the driver did not accept VIRTIO_F_VERSION_1; legacy drivers are not served");
    }
    vring.start(table, features);
  }

  private void startWhatCan() throws ProtocolException {
    for (Vring vring : vrings) {
      start(vring);
    }
  }

  private void setSize(Vring vring, int size) throws ProtocolException {
    if (!VirtQueue.isLegalSize(size, features)) {
      throw new ProtocolException(
          "SET_VRING_NUM of %d entries for queue %d"
              .formatted(Integer.toUnsignedLong(size), vring.index()));
    }
    vring.size(size);
  }

  private void setAddresses(MemorySegment in) throws ProtocolException {
    Vring vring = vring(getInt(in, 0));
    boolean moved =
        vring.addresses(
            getLong(in, 8),
            getLong(in, 16),
            getLong(in, 24),
            (getInt(in, 4) & VRING_LOG) != 0,
            getLong(in, 32));
    if (vring.running() && moved) {
      vring.pause();
    }
    logWrites();
    start(vring);
  }

  private void setKick(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
    vring.kick(eventFd("kick", in));
    start(vring);
  }

  private void kickInBand(Vring vring) throws ProtocolException {
    vring.startWithoutKicks();
    start(vring);
    device.kick(vring.index());
  }

  private void enable(Vring vring, int on) throws ProtocolException {
    if (on != 0 && on != 1) {
      throw new ProtocolException(
          "SET_VRING_ENABLE of queue %d with %d"
              .formatted(vring.index(), Integer.toUnsignedLong(on)));
    }
    vring.enable(on == 1);
    if (on == 0) {
      vring.pause();
    } else {
      start(vring);
    }
  }

  private void getBase(Vring vring) throws ProtocolException {
    int base = vring.stop(features);
    MemorySegment body = channel.body();
    putInt(body, 0, vring.index());
    putInt(body, 4, base);
    channel.send(channel.request(), REPLY, 8, List.of());
  }

  private void disableAll() throws ProtocolException {
    inOneStep(() -> {
      for (Vring vring : vrings) {
        vring.pause();
        vring.enable(false);
      }
    });
  }

  private void reset() {
    device.reconfigure(() -> {
      for (Vring vring : vrings) {
        vring.pause();
        vring.reset();
      }
    });
    device.reset();
    device.negotiate(features & device.offeredFeatures());
    logWrites();
    status = 0;
  }

  private void setStatus(int value) {
    status = value & 0xff;
    if (status == 0) {
      reset();
    }
  }

  // Configuration.

  private void setBackendChannel() throws ProtocolException {
    BackendChannel before = backend;
    backend = new BackendChannel(channel.fds().removeFirst(), control);
    if (before != null) {
      before.close();
    }
  }

  private void getConfig(MemorySegment in) throws ProtocolException {
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
    channel.send(channel.request(), REPLY, CONFIG + size, List.of());
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

  /// Fields that a driver may write; the flag for a migration lets it write others too, of which no
  /// device here keeps any.
  private boolean setConfig(MemorySegment in) throws ProtocolException {
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
    return true;
  }

  private boolean announce(MemorySegment in) {
    if (!(device.model() instanceof NetworkLink link)) {
      return false;
    }
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (in.get(JAVA_BYTE, i) & 0xff);
    }
    return link.announce(mac);
  }

  private boolean setMtu(long mtu) {
    return device.model() instanceof NetworkLink link
        && mtu >= 0
        && mtu <= 0xffff
        && link.mtu((int) mtu);
  }

  // Signals.

  @Override
  public boolean queue(int queue) {
    if (!calls) {
      return false;
    }
    if (vrings[queue].call()) {
      return true;
    }
    BackendChannel to = backend;
    if (inband && to != null) {
      to.called(queue);
      return true;
    }
    return false;
  }

  @Override
  public void config() {
    BackendChannel to = backend;
    if (to != null && ProtocolFeature.CONFIG.in(protocolFeatures)) {
      to.configChanged();
    }
    for (Vring vring : vrings) {
      if (device.fault(vring.index()) != null) {
        vring.signalError();
        if (inband && to != null) {
          to.broken(vring.index());
        }
      }
    }
  }

  /// Detaches the device and lets go of everything the front-end gave.
  @Override
  public void close() {
    BackendChannel to = backend;
    if (to != null) {
      to.close();
    }
    dropState();
    device.reconfigure(() -> {
      for (Vring vring : vrings) {
        vring.pause();
      }
    });
    device.detach();
    for (Vring vring : vrings) {
      vring.close();
    }
    table.unmapAllBut(MemoryTable.EMPTY);
    if (log != null) {
      log.close();
    }
    channel.close();
  }
}
