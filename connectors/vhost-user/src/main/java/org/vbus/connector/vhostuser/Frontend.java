package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.Epoll;
import org.vbus.linux.Errno;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;
import org.vbus.linux.SharedMemory;
import org.vbus.linux.SystemCallException;
import org.vbus.linux.UnixSocket;

/// The front-end's half of one conversation: what a virtual machine monitor does to make somebody's
/// back-end a device of its guest. [VhostUserTransport] puts drivers on top of it.
///
/// Protocol features that both sides know are negotiated when the connection is made. A request
/// waits for its answer no longer than the limit. What the back-end does wrong is a
/// [ProtocolException], after which only [#close()] makes sense.
///
/// Requests come from one thread at a time. The thread of the connection runs handlers.
public final class Frontend implements AutoCloseable {
  /// Protocol features that a front-end here knows.
  public static final long PROTOCOL_FEATURES =
      ProtocolFeature.setOf(
          ProtocolFeature.MQ,
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.BACKEND_REQ,
          ProtocolFeature.CONFIG,
          ProtocolFeature.RESET_DEVICE,
          ProtocolFeature.CONFIGURE_MEM_SLOTS,
          ProtocolFeature.STATUS);

  /// Longest wait for an answer if nothing else is said.
  public static final Duration LIMIT = Duration.ofSeconds(5);

  private final Dialogue dialogue;
  private final ControlLoop control;
  private final List<Region> regions = new ArrayList<>();
  private final boolean protocolOffered;
  private final long features;
  private long offeredProtocolFeatures;
  private long protocolFeatures;
  private int queueNumber;
  private int memorySlots = MAX_REGIONS;
  private @Nullable BackendRequests requests;
  private volatile Runnable configHandler = () -> {};
  private volatile Runnable endHandler = () -> {};
  private volatile boolean gone;

  /// Memory that is shared, and the guest-physical address of its first byte.
  private record Region(SharedMemory memory, long gpa) {
    long size() {
      return memory.segment().byteSize();
    }

    /// What the back-end is told to be our address; rings are named by it.
    long uva() {
      return memory.segment().address();
    }
  }

  private Frontend(UnixSocket socket, Duration limit, long understood) throws IOException {
    this.dialogue = new Dialogue(new MessageChannel(socket), limit);
    try {
      this.control = new ControlLoop("vbus-front-end");
    } catch (IOException e) {
      dialogue.close();
      throw e;
    }
    control.start();
    try {
      long offered = dialogue.askLong(Request.GET_FEATURES);
      this.features = offered & ~Negotiation.F_PROTOCOL_FEATURES;
      this.protocolOffered = (offered & Negotiation.F_PROTOCOL_FEATURES) != 0;
      if (protocolOffered) {
        negotiate(understood);
      }
      dialogue.order(Request.SET_OWNER, 0, List.of());
      openBackendRequests();
      if (has(ProtocolFeature.CONFIGURE_MEM_SLOTS)) {
        memorySlots = Math.clamp(dialogue.askLong(Request.GET_MAX_MEM_SLOTS), 0, 1 << 16);
      }
      control.execute(() -> watchEnd(socket.fd()));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /// Connects to a back-end that listens at `path`, and negotiates all protocol features that both
  /// sides know.
  ///
  /// @param limit longest wait for an answer
  /// @throws IOException when nobody listens; a [ProtocolException] when it is no back-end
  public static Frontend connect(Path path, Duration limit) throws IOException {
    return connect(path, limit, PROTOCOL_FEATURES);
  }

  /// Connects to a back-end that listens at `path`.
  ///
  /// @param understood the protocol features to negotiate where offered
  public static Frontend connect(Path path, Duration limit, long understood) throws IOException {
    return new Frontend(reach(path), limit, understood & PROTOCOL_FEATURES);
  }

  private static UnixSocket reach(Path path) throws IOException {
    try {
      return UnixSocket.connect(path);
    } catch (SystemCallException e) {
      throw switch (e.errno()) {
        case Errno.ENOENT -> new IOException("nobody listens, there is no such file", e);
        case Errno.ECONNREFUSED -> new IOException("nobody listens", e);
        case Errno.EAGAIN -> new IOException("who listens does not accept connections", e);
        default -> e;
      };
    }
  }

  /// Listens at `path` until a back-end connects, and negotiates as [#connect(Path, Duration)]
  /// does.
  ///
  /// @param limit longest wait for the back-end, and for each answer
  public static Frontend listen(Path path, Duration limit) throws IOException {
    try (UnixSocket server = UnixSocket.listen(path);
        Epoll epoll = Epoll.create(1)) {
      epoll.add(server.fd(), Epoll.READABLE, 0);
      long deadline = System.nanoTime() + limit.toNanos();
      for (long left; (left = deadline - System.nanoTime()) > 0; ) {
        int _ = epoll.await(Math.clamp(left / 1_000_000 + 1, 1, 60_000));
        UnixSocket socket = server.accept();
        if (socket != null) {
          return new Frontend(socket, limit, PROTOCOL_FEATURES);
        }
      }
      throw new IOException("no back-end connected within " + Dialogue.text(limit));
    } finally {
      boolean _ = Files.deleteIfExists(path);
    }
  }

  private void negotiate(long understood) throws ProtocolException {
    offeredProtocolFeatures = dialogue.askLong(Request.GET_PROTOCOL_FEATURES);
    protocolFeatures = offeredProtocolFeatures & understood;
    putLong(dialogue.body(), 0, protocolFeatures);
    dialogue.order(Request.SET_PROTOCOL_FEATURES, Long.BYTES, List.of());
    if (has(ProtocolFeature.REPLY_ACK)) {
      dialogue.acknowledge();
    }
    if (has(ProtocolFeature.MQ)) {
      queueNumber = Math.clamp(dialogue.askLong(Request.GET_QUEUE_NUM), 0, VRING_INDEX + 1);
    }
  }

  private void openBackendRequests() throws IOException {
    if (!has(ProtocolFeature.BACKEND_REQ)) {
      return;
    }
    UnixSocket[] pair = UnixSocket.pair();
    try (UnixSocket theirs = pair[1]) {
      BackendRequests ours = new BackendRequests(pair[0], control, () -> configHandler.run());
      requests = ours;
      control.execute(ours::start);
      dialogue.order(Request.SET_BACKEND_REQ_FD, 0, List.of(theirs.fd()));
    }
  }

  /// A back-end that is gone is noticed even while nothing is asked of it.
  private void watchEnd(Fd fd) {
    try {
      control.watchEnd(
          fd,
          () -> {
            gone = true;
            endHandler.run();
          });
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Whether the back-end has closed the connection, or lost it by breaking the protocol.
  public boolean gone() {
    return gone || dialogue.hasEnded();
  }

  /// Whether a protocol feature was negotiated.
  public boolean has(ProtocolFeature feature) {
    return feature.in(protocolFeatures);
  }

  /// Virtio features that the back-end offers.
  public long features() {
    return features;
  }

  /// Protocol features that the back-end offers.
  public long offeredProtocolFeatures() {
    return offeredProtocolFeatures;
  }

  /// Protocol features that were negotiated.
  public long protocolFeatures() {
    return protocolFeatures;
  }

  /// Most queues of the back-end, in pairs where it is a network card; 0 when it does not say (no
  /// `MQ`).
  public int queueNumber() {
    return queueNumber;
  }

  /// Most memory regions of the back-end.
  public int memorySlots() {
    return memorySlots;
  }

  /// Sets who hears that the configuration space changed; on the connection's thread.
  public void onConfigChange(Runnable handler) {
    configHandler = handler;
  }

  /// Sets who hears that the back-end closed the connection; on the connection's thread.
  public void onEnd(Runnable handler) {
    endHandler = handler;
  }

  /// Sets the virtio features that the driver accepts.
  ///
  /// @return false when the back-end refuses them and can say so
  public boolean accept(long driverFeatures) throws ProtocolException {
    putLong(
        dialogue.body(),
        0,
        protocolOffered ? driverFeatures | Negotiation.F_PROTOCOL_FEATURES : driverFeatures);
    return dialogue.tell(Request.SET_FEATURES, Long.BYTES, List.of());
  }

  /// Shares memory, which stays the caller's, beside what is shared already.
  ///
  /// @param gpa guest-physical address of its first byte
  public void share(SharedMemory memory, long gpa) throws ProtocolException {
    if (regions.size() == memorySlots) {
      throw new ProtocolException(
          "the back-end has no more than %d memory slots".formatted(memorySlots));
    }
    regions.add(new Region(memory, gpa));
    MemorySegment body = dialogue.body();
    if (has(ProtocolFeature.CONFIGURE_MEM_SLOTS)) {
      putLong(body, 0, 0);
      describe(HEAD, regions.getLast());
      dialogue.order(Request.ADD_MEM_REG, SINGLE_REGION, List.of(memory.fd()));
      return;
    }
    putInt(body, 0, regions.size());
    putInt(body, 4, 0);
    for (int i = 0; i < regions.size(); i++) {
      describe(HEAD + i * REGION, regions.get(i));
    }
    dialogue.order(
        Request.SET_MEM_TABLE,
        HEAD + regions.size() * REGION,
        regions.stream().map(region -> region.memory.fd()).toList());
    dialogue.settle();
  }

  private void describe(int at, Region region) {
    MemorySegment body = dialogue.body();
    putLong(body, at, region.gpa);
    putLong(body, at + 8, region.size());
    putLong(body, at + 16, region.uva());
    putLong(body, at + 24, 0);
  }

  /// The address under which the back-end knows a guest-physical one.
  private long uva(long gpa) throws ProtocolException {
    for (Region region : regions) {
      if (gpa >= region.gpa && gpa - region.gpa < region.size()) {
        return region.uva() + (gpa - region.gpa);
      }
    }
    throw new ProtocolException("address 0x%x is in no memory that is shared".formatted(gpa));
  }

  /// Starts and enables a ring.
  ///
  /// @param base where it begins, see [VirtQueue#position()]
  /// @param kick what the driver signals
  /// @param call what the back-end signals when it has used buffers
  /// @param error what the back-end signals when the ring is broken
  public void start(
      int index, VirtQueue.Addresses at, int base, EventFd kick, EventFd call, EventFd error)
      throws ProtocolException {
    state(Request.SET_VRING_NUM, index, at.size());
    state(Request.SET_VRING_BASE, index, base);
    MemorySegment body = dialogue.body();
    putInt(body, 0, index);
    putInt(body, 4, 0);
    putLong(body, 8, uva(at.desc()));
    putLong(body, 16, uva(at.used()));
    putLong(body, 24, uva(at.avail()));
    putLong(body, 32, 0);
    dialogue.order(Request.SET_VRING_ADDR, 40, List.of());
    descriptor(Request.SET_VRING_ERR, index, error);
    descriptor(Request.SET_VRING_CALL, index, call);
    descriptor(Request.SET_VRING_KICK, index, kick);
    if (protocolOffered) {
      enable(index, true);
    }
    dialogue.settle();
  }

  /// Enables or disables a ring that is started.
  public void enable(int index, boolean on) throws ProtocolException {
    state(Request.SET_VRING_ENABLE, index, on ? 1 : 0);
  }

  /// Stops a ring.
  ///
  /// @return where it stands, see [VirtQueue#position()]; for a split ring without the upper half
  public int stop(int index) throws ProtocolException {
    putInt(dialogue.body(), 0, index);
    putInt(dialogue.body(), 4, 0);
    MemorySegment reply = dialogue.ask(Request.GET_VRING_BASE, Long.BYTES);
    if (reply.byteSize() != Long.BYTES) {
      throw dialogue.ended(Dialogue.badSize(Request.GET_VRING_BASE, reply));
    }
    if (getInt(reply, 0) != index) {
      throw dialogue.ended(
          new ProtocolException(
              "GET_VRING_BASE of ring %d answered for ring %d"
                  .formatted(index, Integer.toUnsignedLong(getInt(reply, 0)))));
    }
    return getInt(reply, 4);
  }

  private void state(Request request, int index, int value) throws ProtocolException {
    putInt(dialogue.body(), 0, index);
    putInt(dialogue.body(), 4, value);
    dialogue.order(request, 8, List.of());
  }

  private void descriptor(Request request, int index, EventFd event) throws ProtocolException {
    putLong(dialogue.body(), 0, index);
    dialogue.order(request, Long.BYTES, List.of(event.fd()));
  }

  /// Reads configuration bytes; the back-end has negotiated `CONFIG`.
  ///
  /// Asks for everything up to `offset + size`, because many back-ends ignore the offset.
  public byte[] config(int offset, int size) throws ProtocolException {
    int end = offset + size;
    MemorySegment body = dialogue.body();
    body.asSlice(0, CONFIG + end).fill((byte) 0);
    putInt(body, 4, end);
    MemorySegment reply = dialogue.ask(Request.GET_CONFIG, CONFIG + end);
    if (reply.byteSize() != CONFIG + end) {
      throw new ProtocolException("the back-end has no configuration of %d bytes".formatted(end));
    }
    return reply.asSlice(CONFIG + offset, size).toArray(JAVA_BYTE);
  }

  /// The device status; the back-end has negotiated `STATUS`.
  public int status() throws ProtocolException {
    return (int) dialogue.askLong(Request.GET_STATUS) & 0xff;
  }

  /// Writes the device status; the back-end has negotiated `STATUS`.
  public void status(int value) throws ProtocolException {
    putLong(dialogue.body(), 0, value);
    dialogue.order(Request.SET_STATUS, Long.BYTES, List.of());
  }

  /// Resets the device, its rings stopped; the back-end has negotiated `RESET_DEVICE`.
  public void resetDevice() throws ProtocolException {
    dialogue.order(Request.RESET_DEVICE, 0, List.of());
  }

  /// Runs `signalled` on the connection's thread whenever `event` was signalled.
  void watch(EventFd event, Runnable signalled) {
    control.execute(() -> {
      try {
        control.watch(
            event.fd(),
            () -> {
              if (event.drain() > 0) {
                signalled.run();
              }
            });
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
  }

  /// Closes what was given to [#watch].
  void unwatch(EventFd event) {
    control.execute(() -> {
      control.unwatch(event.fd());
      event.close();
    });
  }

  /// Ends the conversation; the back-end lets go of the memory when it notices.
  @Override
  public void close() {
    control.execute(() -> {
      BackendRequests from = requests;
      if (from != null) {
        from.close();
      }
    });
    control.close();
    dialogue.close();
  }
}
