package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.memory.WriteLog;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;
import org.vbus.linux.SharedMemory;

/// The rings of a conversation, and the memory in which the front-end says that they are: when
/// either changes, the queues that it concerns stop, and go on where they were.
///
/// Control thread. Requests arrive here checked for size and number of descriptors.
final class Rings implements AutoCloseable {
  private final VirtioDevice device;
  private final Vring[] vrings;
  private final Negotiation agreed;
  private final MessageChannel channel;
  private MemoryTable table = MemoryTable.EMPTY;
  private @Nullable WriteLog log;
  private @Nullable InflightArea inflight;

  Rings(VirtioDevice device, Vring[] vrings, Negotiation agreed, MessageChannel channel) {
    this.device = device;
    this.vrings = vrings;
    this.agreed = agreed;
    this.channel = channel;
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

  /// The ring of a vring state or a vring address.
  private Vring vring(MemorySegment in) throws ProtocolException {
    return vring(getInt(in, 0));
  }

  /// The ring that a `u64` with a descriptor is about.
  private Vring vringOfFd(MemorySegment in) throws ProtocolException {
    return vring((int) getLong(in, 0) & VRING_INDEX);
  }

  /// Whether no ring runs, which makes the device suspended.
  boolean suspended() {
    for (Vring vring : vrings) {
      if (vring.running()) {
        return false;
      }
    }
    return true;
  }

  // What a ring is.

  void size(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
    int entries = getInt(in, 4);
    if (!VirtQueue.isLegalSize(entries, agreed.features())) {
      throw new ProtocolException(
          "SET_VRING_NUM of %d entries for queue %d"
              .formatted(Integer.toUnsignedLong(entries), vring.index()));
    }
    vring.size(entries);
  }

  void addresses(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
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
    logWrites(vring);
    start(vring);
  }

  void base(MemorySegment in) throws ProtocolException {
    vring(in).base(getInt(in, 4));
  }

  /// Stops a ring and says where it stands.
  void stop(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
    int base = vring.stop(agreed.packed());
    MemorySegment body = channel.body();
    putInt(body, 0, vring.index());
    putInt(body, 4, base);
    channel.reply(8);
  }

  // Descriptors.

  void kick(MemorySegment in) throws ProtocolException {
    Vring vring = vringOfFd(in);
    vring.kick(eventFd("kick", in));
    start(vring);
  }

  void call(MemorySegment in) throws ProtocolException {
    vringOfFd(in).call(eventFd("call", in));
  }

  void error(MemorySegment in) throws ProtocolException {
    vringOfFd(in).error(eventFd("error", in));
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

  /// A kick that is a message, which also starts a ring that has no kick descriptor.
  void kickInBand(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
    vring.startWithoutKicks();
    start(vring);
    device.kick(vring.index());
  }

  // Whether they run.

  void enable(MemorySegment in) throws ProtocolException {
    Vring vring = vring(in);
    int on = getInt(in, 4);
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

  /// Enables all rings, for a front-end that does not know how to.
  void enableAll() {
    for (Vring vring : vrings) {
      vring.enable(true);
    }
  }

  void disableAll() {
    device.reconfigure(() -> {
      for (Vring vring : vrings) {
        vring.pause();
        vring.enable(false);
      }
    });
  }

  /// Tells the device what the driver accepted.
  void negotiate() throws ProtocolException {
    restart(() -> device.negotiate(agreed.deviceFeatures()));
  }

  /// Makes device and rings as they were before the first ring was described.
  void reset() {
    device.reconfigure(() -> {
      for (Vring vring : vrings) {
        vring.pause();
        vring.reset();
      }
    });
    device.reset();
    device.negotiate(agreed.deviceFeatures());
    logWrites(log);
    InflightArea accounts = inflight;
    if (accounts != null) {
      accounts.clear();
    }
  }

  private void start(Vring vring) throws ProtocolException {
    if (table.isEmpty() || !agreed.accepted() || !vring.runnable() || vring.running()) {
      return;
    }
    if (!Feature.VERSION_1.in(agreed.features())) {
      throw new ProtocolException(
          "the driver did not accept VIRTIO_F_VERSION_1; legacy drivers are not served");
    }
    vring.start(table, agreed.packed(), inflight);
  }

  /// Starts the rings that have all they need.
  void startWhatCan() throws ProtocolException {
    for (Vring vring : vrings) {
      start(vring);
    }
  }

  /// Makes a change while no queue runs; those that ran go on afterwards. The device stops and
  /// starts once for all of them.
  private void restart(Runnable change) throws ProtocolException {
    @Nullable ProtocolException[] failure = new @Nullable ProtocolException[1];
    device.reconfigure(() -> {
      List<Vring> ran = new ArrayList<>();
      for (Vring vring : vrings) {
        if (vring.running()) {
          vring.pause();
          ran.add(vring);
        }
      }
      change.run();
      try {
        for (Vring vring : ran) {
          start(vring);
        }
      } catch (ProtocolException e) {
        failure[0] = e;
      }
    });
    if (failure[0] != null) {
      throw failure[0];
    }
  }

  // Memory.

  void memory(MemorySegment in) throws ProtocolException {
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
    replace(MemoryTable.of(places, channel.fds()));
  }

  void addMemory(MemorySegment in) throws ProtocolException {
    Fd file = channel.fds().getFirst();
    replace(table.with(place(in, HEAD), file));
  }

  void removeMemory(MemorySegment in) throws ProtocolException {
    replace(table.without(place(in, HEAD)));
  }

  private static MemoryTable.Place place(MemorySegment in, long at) {
    return new MemoryTable.Place(
        getLong(in, at), getLong(in, at + 8), getLong(in, at + 16), getLong(in, at + 24));
  }

  /// Moves the device to another memory table: its queues stop, go on where they are in the new
  /// one, and only then is anything unmapped.
  private void replace(MemoryTable next) throws ProtocolException {
    MemoryTable before = table;
    table = next;
    try {
      restart(() -> device.replaceMemory(next.memory()));
    } finally {
      before.unmapAllBut(next);
    }
    startWhatCan();
  }

  // What is in flight.

  /// Makes memory for accounts of what is in flight, and hands it over.
  void createInflight(MemorySegment in) throws ProtocolException {
    try (SharedMemory area =
        InflightArea.create(in, channel.body(), vrings.length, agreed.packed())) {
      channel.reply(channel.size(), List.of(area.fd()));
    }
  }

  /// Takes over such memory, perhaps from another back-end's time.
  void inflight(MemorySegment in) throws ProtocolException {
    InflightArea before = inflight;
    InflightArea next = InflightArea.of(in, channel.fds().getFirst());
    inflight = next;
    try {
      restart(() -> {});
    } finally {
      if (before != null) {
        before.close();
      }
    }
  }

  /// Has `to` hear of all that is written from now on, or nobody.
  void logWrites(@Nullable WriteLog to) {
    log = to;
    for (Vring vring : vrings) {
      logWrites(vring);
    }
  }

  private void logWrites(Vring vring) {
    device.logWrites(vring.index(), log, vring.usedLog());
  }

  /// Stops the rings and detaches the device, then lets go of everything the front-end gave.
  @Override
  public void close() {
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
    InflightArea accounts = inflight;
    if (accounts != null) {
      accounts.close();
    }
  }
}
