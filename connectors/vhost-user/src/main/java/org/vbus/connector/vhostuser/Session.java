package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.LoopMap;

/// The back-end's half of one conversation: takes the front-end's messages apart, hands each to the
/// part that it is about, and answers.
///
/// Everything a message changes is applied before the next one is read, and before it is
/// acknowledged. A message that breaks the protocol ends the conversation; the device is then as if
/// the driver had gone, ready for the next front-end.
///
/// Control thread only.
final class Session implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final int MESSAGES_PER_TURN = 64;

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

  private final VirtioDevice device;
  private final ControlLoop control;
  private final MessageChannel channel;
  private final Negotiation agreed;
  private final Rings rings;
  private final Signals signals;
  private final Migration migration;
  private final Configuration configuration;
  private int status;

  /// Attaches the device to a front-end that has just connected.
  Session(
      VirtioDevice device,
      int slot,
      LoopMap loops,
      SignalPolicy policy,
      ControlLoop control,
      MessageChannel channel) {
    this.device = device;
    this.control = control;
    this.channel = channel;
    Vring[] vrings = new Vring[device.queueCount()];
    for (int i = 0; i < vrings.length; i++) {
      vrings[i] = new Vring(device, i, loops.loop(slot, i));
    }
    agreed = new Negotiation(device.offeredFeatures());
    rings = new Rings(device, vrings, agreed, channel);
    signals = new Signals(device, vrings, agreed, policy != SignalPolicy.POLLED);
    migration = new Migration(device, rings, agreed, control, channel);
    configuration = new Configuration(device, channel);
    device.attach(new Attachment(MemoryTable.EMPTY.memory(), signals, loops));
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
    request.check(channel.size(), channel.fds().size(), agreed.protocol());
    LOG.trace("{}: {}", device.name(), request);
    boolean done = carryOut(request, channel.payload());
    if (!repliesItself(request)
        && (channel.flags() & NEED_REPLY) != 0
        && agreed.has(ProtocolFeature.REPLY_ACK)) {
      channel.answer(done ? 0 : 1);
    }
  }

  private boolean repliesItself(Request request) {
    return REPLIES.contains(request)
        || (request == Request.SET_LOG_BASE && agreed.has(ProtocolFeature.LOG_SHMFD));
  }

  /// Does what a request asks for.
  ///
  /// @return what an acknowledgement says: whether it could be done
  private boolean carryOut(Request request, MemorySegment in) throws ProtocolException {
    switch (request) {
      case GET_FEATURES -> channel.answer(agreed.offered());
      case SET_FEATURES -> setFeatures(getLong(in, 0));
      case GET_PROTOCOL_FEATURES -> channel.answer(Negotiation.PROTOCOL_FEATURES);
      case SET_PROTOCOL_FEATURES -> agreed.acceptProtocol(getLong(in, 0));
      case SET_OWNER, SET_LOG_FD -> {}
      case RESET_OWNER -> rings.disableAll();
      case SET_MEM_TABLE -> rings.memory(in);
      case GET_MAX_MEM_SLOTS -> channel.answer(MemoryTable.MAX_REGIONS);
      case ADD_MEM_REG -> rings.addMemory(in);
      case REM_MEM_REG -> rings.removeMemory(in);
      case SET_VRING_NUM -> rings.size(in);
      case SET_VRING_ADDR -> rings.addresses(in);
      case SET_VRING_BASE -> rings.base(in);
      case GET_VRING_BASE -> rings.stop(in);
      case SET_VRING_KICK -> rings.kick(in);
      case SET_VRING_CALL -> rings.call(in);
      case SET_VRING_ERR -> rings.error(in);
      case SET_VRING_ENABLE -> rings.enable(in);
      case GET_INFLIGHT_FD -> rings.createInflight(in);
      case SET_INFLIGHT_FD -> rings.inflight(in);
      case VRING_KICK -> rings.kickInBand(in);
      case SET_LOG_BASE -> migration.log(in);
      case SET_DEVICE_STATE_FD -> channel.answer(migration.transfer(getInt(in, 0), getInt(in, 4)));
      case CHECK_DEVICE_STATE -> channel.answer(migration.check());
      case GET_QUEUE_NUM -> channel.answer(configuration.queueNumber());
      case GET_CONFIG -> configuration.get(in);
      case SET_CONFIG -> configuration.set(in);
      case SEND_RARP -> {
        return configuration.announce(in);
      }
      case NET_SET_MTU -> {
        return configuration.mtu(getLong(in, 0));
      }
      case SET_BACKEND_REQ_FD ->
          signals.backend(new BackendChannel(channel.fds().removeFirst(), control));
      case RESET_DEVICE -> reset();
      case SET_STATUS -> setStatus((int) getLong(in, 0));
      case GET_STATUS -> channel.answer(status | (device.status() & DeviceStatus.NEEDS_RESET));
    }
    return true;
  }

  private void setFeatures(long accepted) throws ProtocolException {
    long changed = agreed.accept(accepted);
    if ((changed & ~Negotiation.F_LOG_ALL) != 0) {
      rings.negotiate();
    }
    if ((changed & Negotiation.F_LOG_ALL) != 0) {
      migration.logWrites();
    }
    if (!agreed.hasProtocolBit()) {
      rings.enableAll();
    }
    rings.startWhatCan();
  }

  private void reset() {
    rings.reset();
    status = 0;
  }

  private void setStatus(int value) {
    status = value & 0xff;
    if (status == 0) {
      reset();
    }
  }

  /// Detaches the device and lets go of everything the front-end gave.
  @Override
  public void close() {
    signals.close();
    rings.close();
    migration.close();
    channel.close();
  }
}
