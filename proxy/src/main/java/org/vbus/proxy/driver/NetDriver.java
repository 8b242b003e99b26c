package org.vbus.proxy.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vbus.core.feature.Feature;
import org.vbus.core.memory.LittleEndian;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.guest.Napi;

/// virtio-net driver (5.1) with NAPI-like polling: receive buffers are polled after the first
/// interrupt, transmitted ones are reclaimed when room is needed, without interrupts.
///
/// Frames are Ethernet frames. With offloads the device may leave their checksum and segmentation
/// to whoever takes them: the header before a frame says so ([FrameHandler]), and [#forward] hands
/// it on to another card. Used on the guest's processor.
public final class NetDriver extends Napi implements Driver {
  /// Device id of a network card (chapter 5).
  public static final int DEVICE_ID = 1;

  /// Feature bit: `mtu` is in the configuration.
  public static final int F_MTU = 3;

  /// Feature bit: `mac` is in the configuration.
  public static final int F_MAC = 5;

  /// Feature bit: a received frame may be spread over several buffers.
  public static final int F_MRG_RXBUF = 15;

  /// Feature bit: `status` is in the configuration.
  public static final int F_STATUS = 16;

  /// Feature bits of checksum and segmentation offloads, both directions: CSUM, GUEST_CSUM,
  /// GUEST_TSO4, TSO6, ECN, HOST_TSO4, TSO6, ECN, GUEST_USO4, USO6, HOST_USO.
  public static final long OFFLOADS = 1L << 0 | 1L << 1 | 7L << 7 | 7L << 11 | 3L << 54 | 1L << 56;

  /// All features this driver understands.
  public static final long UNDERSTOOD =
      1L << F_MTU
          | 1L << F_MAC
          | 1L << F_MRG_RXBUF
          | 1L << F_STATUS
          | OFFLOADS
          | Feature.setOf(
              Feature.VERSION_1,
              Feature.INDIRECT_DESC,
              Feature.EVENT_IDX,
              Feature.RING_PACKED,
              Feature.IN_ORDER,
              Feature.RING_RESET);

  /// Bytes of the header before each frame (5.1.9, with VERSION_1).
  public static final int HEADER = 12;

  private static final int RX = 0;
  private static final int TX = 1;
  private static final int BUFFER = 2048;

  /// Longest packet with large receive offload, header included (5.1.9.3.1), for which there are at
  /// most this many buffers when each has to hold one.
  private static final int LARGEST = 65601 + 4;

  private static final int LARGE_BUFFERS = 64;

  /// Descriptors per indirect table of the transmit queue: the pieces of the longest packet.
  private static final int TX_TABLE = Math.ceilDiv(LARGEST, BUFFER);

  /// Room for a frame of several buffers, whatever the MTU.
  private static final int SCRATCH = 1 << 17;

  private static final long LARGE_RECEIVE = 3L << 7 | 3L << 54;
  private static final long LARGE_SEND = 3L << 11 | 1L << 56;
  private static final int NEEDS_CSUM = 1;
  private static final int GSO_TYPE = 1;
  private static final int GSO_TCPV4 = 1;
  private static final int GSO_TCPV6 = 4;
  private static final int GSO_UDP_L4 = 5;
  private static final int GSO_ECN = 0x80;
  private static final int NUM_BUFFERS = 10;
  private static final int LINK_UP = 1;
  private static final int ETHERNET = 14;
  private static final int ETHER_TYPE = 12;
  private static final int VLAN_TAG = 4;

  private final Guest guest;
  private final VirtioTransport device;
  private final GuestHeap heap;
  private final MemorySegment memory;
  private final long features;
  private final DriverQueue rx;
  private final DriverQueue tx;
  private final int buffer;
  private final int rxCount;
  private final long rxBuffers;
  private final long txBuffers;
  private final int txBuffer;

  /// Transmit buffers that are free, and for one in flight the next one of its packet, or -1.
  private final int[] txFree;

  private final int[] txNext;
  private final int txPieces;
  private final long scratch;
  private int txFreeCount;
  private FrameHandler handler = (segment, off, len) -> {};
  private Runnable linkHandler = () -> {};
  private Runnable burstHandler = () -> {};
  private long mac;
  private int mtu = 1500;
  private boolean linkUp = true;
  private boolean gone;
  private boolean txKickWanted;
  private long received;
  private long refused;
  private long sent;
  private long sendFailures;

  /// Takes received frames.
  public interface FrameHandler {
    /// A frame of `len` bytes at `off`, with its virtio-net header in the [#HEADER] bytes before;
    /// valid during the call.
    void frame(MemorySegment segment, long off, int len);
  }

  /// Initialises the device with all features this driver understands.
  public NetDriver(Guest guest, VirtioTransport device) {
    this(guest, device, UNDERSTOOD, 1024);
  }

  /// Initialises the device.
  ///
  /// @param understood features to accept where offered
  /// @param size entries of each queue, at most what the device allows
  public NetDriver(Guest guest, VirtioTransport device, long understood, int size) {
    this.guest = guest;
    this.device = device;
    this.heap = guest.heap();
    this.memory = heap.memory();
    this.features = VirtioInit.negotiate(device, understood);
    readConfig();
    int frame = HEADER + Math.max(mtu, 1500) + ETHERNET + VLAN_TAG;
    this.rx = queue(RX, size);
    this.tx = queue(TX, size);
    boolean large = (features & LARGE_RECEIVE) != 0 && !has(F_MRG_RXBUF);
    // A frame of the MTU fits into one buffer, or into all of them together (5.1.4.2).
    int least = has(F_MRG_RXBUF) ? Math.ceilDiv(frame, rx.size()) : large ? LARGEST : frame;
    this.buffer = Math.max(BUFFER, (least + 63) & -64);
    this.rxCount = large ? Math.min(rx.size(), LARGE_BUFFERS) : rx.size();
    this.rxBuffers = heap.allocate((long) buffer * rxCount, 4096);
    this.txBuffer = Math.max(BUFFER, (frame + 63) & -64);
    this.txBuffers = heap.allocate((long) txBuffer * tx.size(), 4096);
    this.scratch = heap.allocate(SCRATCH, 64);
    this.txPieces = Math.min(tx.size(), Math.ceilDiv(LARGEST, txBuffer));
    this.txNext = new int[tx.size()];
    this.txFree = new int[tx.size()];
    device.onConfigChange(this::configChanged);
    enableReceive();
    enableTransmit();
    VirtioInit.driverOk(device);
    if (rx.publish()) {
      device.kick(RX);
    }
    if (guest.polling()) {
      guest.schedule(this);
    }
  }

  private DriverQueue queue(int index, int size) {
    int max = VirtioInit.needQueue(device, index);
    int table = index == RX ? 0 : (features & LARGE_SEND) != 0 ? TX_TABLE : 1;
    return DriverQueue.create(index, Math.min(size, max), features, table, heap, guest.ledger());
  }

  private void enableReceive() {
    device.enableQueue(RX, rx.addresses(), 1, this::signalled);
    for (int i = 0; i < rxCount; i++) {
      offer(i);
    }
  }

  private void enableTransmit() {
    for (int i = 0; i < txFree.length; i++) {
      txFree[i] = i;
    }
    txFreeCount = txFree.length;
    device.enableQueue(TX, tx.addresses(), 1, () -> {});
    tx.disableSignals();
  }

  /// Resets the receive queue alone and sets it up again (2.6.1); frames received and not yet taken
  /// are lost.
  ///
  /// @throws IllegalStateException when RING_RESET was not negotiated
  public void restartReceive() {
    VirtioInit.resetQueue(device, rx, features);
    enableReceive();
    if (rx.publish()) {
      device.kick(RX);
    }
    if (guest.polling()) {
      rx.disableSignals();
    }
  }

  /// Resets the transmit queue alone and sets it up again (2.6.1); frames sent and not yet used are
  /// lost.
  ///
  /// @throws IllegalStateException when RING_RESET was not negotiated
  public void restartTransmit() {
    VirtioInit.resetQueue(device, tx, features);
    txKickWanted = false;
    enableTransmit();
  }

  private boolean has(int bit) {
    return (features & 1L << bit) != 0;
  }

  /// The negotiated features.
  public long features() {
    return features;
  }

  /// The address of the card, 48 bits.
  public long mac() {
    return mac;
  }

  /// Largest payload of a frame.
  public int mtu() {
    return mtu;
  }

  /// Whether the link is up.
  public boolean linkUp() {
    return linkUp;
  }

  /// Frames received.
  public long received() {
    return received;
  }

  /// Received packets that were not taken: to be segmented, which was not agreed upon, or not
  /// whole.
  public long refused() {
    return refused;
  }

  /// Frames handed to the device.
  public long sent() {
    return sent;
  }

  /// Frames that found no room or were too long.
  public long sendFailures() {
    return sendFailures;
  }

  /// Sets who takes received frames.
  public void onFrame(FrameHandler taker) {
    handler = taker;
  }

  /// Sets what runs after each burst of received frames, such as [#flush()] of another card.
  public void onBurst(Runnable taker) {
    burstHandler = taker;
  }

  /// Sets who hears that link state or MTU changed.
  public void onLinkChange(Runnable taker) {
    linkHandler = taker;
  }

  /// Reads the fields until two generations agree, as they are more than one access (2.5.1).
  private void readConfig() {
    int before;
    do {
      before = device.configGeneration();
      if (has(F_MAC)) {
        mac = 0;
        for (int i = 0; i < 6; i++) {
          mac = mac << 8 | device.config(i, 1);
        }
      } else {
        mac = 0x02_00_00_00_00_00L | (System.nanoTime() & 0xffffffffffL);
      }
      linkUp = !has(F_STATUS) || (device.config(6, 2) & LINK_UP) != 0;
      if (has(F_MTU)) {
        mtu = (int) device.config(10, 2);
      }
    } while (before != device.configGeneration());
  }

  private void configChanged() {
    if (!gone) {
      boolean up = has(F_STATUS) ? (device.config(6, 2) & LINK_UP) != 0 : linkUp;
      if (up != linkUp) {
        linkUp = up;
      }
      linkHandler.run();
    }
  }

  private void offer(int token) {
    rx.begin();
    rx.in(heap.gpa(rxBuffers + (long) token * buffer), buffer);
    rx.commit(token);
  }

  private void signalled() {
    rx.disableSignals();
    guest.schedule(this);
  }

  @Override
  protected int poll(int budget) {
    int done = 0;
    while (done < budget && !gone) {
      int token = rx.nextUsed();
      if (token < 0) {
        break;
      }
      receive(token, rx.usedLength());
      done++;
    }
    if (done > 0) {
      if (!gone && rx.publish()) {
        device.kick(RX);
      }
      burstHandler.run();
    }
    return done;
  }

  private void receive(int token, int len) {
    long at = rxBuffers + (long) token * buffer;
    // What lies beyond the used length was not written (2.7.8.3).
    boolean good = len >= HEADER && len <= buffer && acceptsHeader(at);
    int buffers = len >= HEADER && has(F_MRG_RXBUF) ? numBuffers(at) : 1;
    if (buffers > 1) {
      receiveMerged(token, len, buffers, good);
      return;
    }
    if (good && len > HEADER) {
      received++;
      handler.frame(memory, at + HEADER, len - HEADER);
    } else {
      refused++;
    }
    if (!gone) {
      offer(token);
    }
  }

  private int numBuffers(long at) {
    return memory.get(LittleEndian.SHORT, at + NUM_BUFFERS) & 0xffff;
  }

  /// A packet to be segmented is taken only in a way that was negotiated, so none in a UDP tunnel,
  /// whose bits are in the same field; flags that are not known are ignored, and fields mean
  /// nothing without the flag that governs them (5.1.9.4.2).
  private boolean acceptsHeader(long at) {
    int gso = memory.get(ValueLayout.JAVA_BYTE, at + GSO_TYPE) & 0xff;
    return gso == 0 || acceptsGso(gso);
  }

  private boolean acceptsGso(int gso) {
    long needs =
        switch (gso & ~GSO_ECN) {
          case GSO_TCPV4 -> 1L << 7;
          case GSO_TCPV6 -> 1L << 8;
          case GSO_UDP_L4 -> 3L << 54;
          default -> 0;
        };
    return (features & needs) != 0 && (gso < GSO_ECN || has(9));
  }

  /// A frame in several buffers: the header is in the first only (5.1.9.4).
  private void receiveMerged(int token, int len, int buffers, boolean good) {
    int size = 0;
    for (int i = 0; ; i++) {
      good &= len >= 0 && len <= buffer && len <= SCRATCH - size;
      if (good) {
        long from = rxBuffers + (long) token * buffer;
        MemorySegment.copy(memory, from, memory, scratch + size, len);
        size += len;
      }
      offer(token);
      if (i == buffers - 1) {
        break;
      }
      // All buffers of a frame become visible together (5.1.9.4.1).
      token = rx.nextUsed();
      if (token < 0) {
        good = false;
        break;
      }
      len = rx.usedLength();
    }
    if (good && size > HEADER) {
      received++;
      handler.frame(memory, scratch + HEADER, size - HEADER);
    } else {
      refused++;
    }
  }

  /// Copies a frame into a transmit buffer, header all zero (5.1.9.2.1); visible to the device with
  /// [#flush()].
  ///
  /// @return false when there is no room, or it is longer than the MTU allows
  public boolean send(MemorySegment from, long off, int len) {
    if (gone || len < ETHERNET || exceedsMtu(from, off, len) || !hasRoom(1)) {
      sendFailures++;
      return false;
    }
    int token = txFree[--txFreeCount];
    long at = txBuffers + (long) token * txBuffer;
    memory.set(LittleEndian.LONG, at, 0L);
    memory.set(LittleEndian.INT, at + 8, 0);
    MemorySegment.copy(from, off, memory, at + HEADER, len);
    tx.begin();
    tx.out(heap.gpa(at), HEADER + len);
    txNext[token] = -1;
    tx.commit(token);
    txKickWanted = true;
    sent++;
    return true;
  }

  /// Copies a frame with the header before it into transmit buffers: what is left to be done to it
  /// is left to the device. ///
  ///
  /// @return false when there is no room, the device has not agreed to do it, or the frame is
  ///   longer than the MTU allows
  public boolean forward(MemorySegment from, long off, int len) {
    long word = from.get(LittleEndian.LONG_ANY, off - HEADER);
    // A device is not told that a checksum is valid (5.1.9.2.1).
    long header = (word & NEEDS_CSUM) != 0 ? word & ~0xfeL : 0;
    if (header == 0) {
      return send(from, off, len);
    }
    int pieces = Math.ceilDiv(HEADER + len, txBuffer);
    if (gone
        || len < ETHERNET
        || !mayLeave(header)
        || ((header & 0xff00) == 0 && exceedsMtu(from, off, len))
        || pieces > txPieces
        || !hasRoom(pieces)) {
      sendFailures++;
      return false;
    }
    tx.begin();
    int head = -1;
    int last = -1;
    int done = -HEADER;
    while (done < len) {
      int token = txFree[--txFreeCount];
      long at = txBuffers + (long) token * txBuffer;
      int start = head < 0 ? HEADER : 0;
      if (head < 0) {
        memory.set(LittleEndian.LONG, at, header);
        memory.set(LittleEndian.INT, at + 8, from.get(LittleEndian.SHORT_ANY, off - 4) & 0xffff);
        head = token;
        done = 0;
      } else {
        txNext[last] = token;
      }
      int n = Math.min(txBuffer - start, len - done);
      MemorySegment.copy(from, off + done, memory, at + start, n);
      tx.out(heap.gpa(at), start + n);
      done += n;
      last = token;
    }
    txNext[last] = -1;
    tx.commit(head);
    txKickWanted = true;
    sent++;
    return true;
  }

  /// Whether the device has agreed to do what a header asks for.
  private boolean mayLeave(long header) {
    int gso = (int) (header >>> 8) & 0xff;
    long needs =
        switch (gso & ~GSO_ECN) {
          case 0 -> 1L;
          case GSO_TCPV4 -> 1L << 11;
          case GSO_TCPV6 -> 1L << 12;
          case GSO_UDP_L4 -> 1L << 56;
          default -> 0;
        };
    return (features & needs) != 0 && has(0) && (gso < GSO_ECN || has(13));
  }

  /// Whether there are that many transmit buffers and descriptors.
  private boolean hasRoom(int pieces) {
    if (txFreeCount >= pieces && tx.free() >= pieces) {
      return true;
    }
    reclaim();
    if (txFreeCount >= pieces && tx.free() >= pieces) {
      return true;
    }
    flush();
    return false;
  }

  /// A tag is not payload.
  private boolean exceedsMtu(MemorySegment from, long off, int len) {
    int rest = len - ETHERNET;
    return rest > mtu && (rest > mtu + VLAN_TAG || !isTagged(from, off));
  }

  private static boolean isTagged(MemorySegment from, long off) {
    int type = Short.reverseBytes(from.get(LittleEndian.SHORT_ANY, off + ETHER_TYPE)) & 0xffff;
    return type == 0x8100 || type == 0x88a8;
  }

  private void reclaim() {
    for (int token; (token = tx.nextUsed()) >= 0; ) {
      for (int piece = token; piece >= 0; piece = txNext[piece]) {
        txFree[txFreeCount++] = piece;
      }
    }
  }

  /// Makes sent frames visible and kicks the device if it wants that.
  public void flush() {
    if (txKickWanted && !gone) {
      txKickWanted = false;
      if (tx.publish()) {
        device.kick(TX);
      }
      reclaim();
      tx.disableSignals();
    }
  }

  @Override
  protected boolean complete() {
    return !gone && rx.enableSignals();
  }

  @Override
  public void remove() {
    gone = true;
    guest.unschedule(this);
    VirtioInit.reset(device);
    device.release();
    rx.release();
    tx.release();
    heap.release(rxBuffers, (long) buffer * rxCount);
    heap.release(txBuffers, (long) txBuffer * tx.size());
    heap.release(scratch, SCRATCH);
  }
}
