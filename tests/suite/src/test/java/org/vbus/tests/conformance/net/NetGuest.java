package org.vbus.tests.conformance.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.SplitLayout;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.l2.DropReason;

/// A guest of one network device, driven by hand: a test lays out each descriptor chain itself.
///
/// Its memory is two adjacent regions; [#BORDER] is where they meet. Buffers are surrounded and
/// filled with [#DIRT], so that a byte the device should not have written shows.
final class NetGuest implements DeviceSignals {
  static final long MAC = 0x5254_0000_0001L;
  static final byte DIRT = (byte) 0xd7;
  static final long MRG_RXBUF = 1L << 15;

  /// What every driver accepts: MTU, MAC, STATUS.
  static final long PLAIN = 1L << 3 | 1L << 5 | 1L << 16;

  static final long CTRL_VQ = 1L << 17;
  static final long MQ = 1L << 22;

  private static final long RING_FEATURES =
      RingFormat.SPLIT.features() & ~Feature.INDIRECT_DESC.mask();

  /// Checksum and segmentation offloads, both directions.
  static final long OFFLOADS = NetDriver.OFFLOADS;

  static final long BORDER = 0x1_0020_0000L;
  static final int RX = 0;
  static final int TX = 1;

  private static final int HALF = 2 << 20;
  private static final long BASE = BORDER - HALF;
  private static final int GUARD = 32;

  final VenetDevice device;
  final VirtioDevice virtio;
  final MemorySegment memory = Arena.ofAuto().allocate(2 * HALF, 4096);
  final DriverQueue rx;
  final DriverQueue tx;

  /// In the order of their numbers.
  final DriverQueue[] queues;

  /// The control queue, or null.
  final DriverQueue control;

  private final Lan lan;
  private final long accepted;
  private final long mac;
  private final GuestHeap heap = new GuestHeap(memory, BASE);
  private final Map<Integer, List<Piece>> chains = new HashMap<>();
  private int nextToken;
  private int configSignals;
  private final int[] signals = new int[257];

  /// One descriptor.
  record Piece(long gpa, int len, boolean write) {}

  /// A used receive chain: how much was written, and all bytes of its buffers in order.
  static final class Used {
    private final int token;
    private final int length;
    private final byte[] all;

    private Used(int token, int length, byte[] all) {
      this.token = token;
      this.length = length;
      this.all = all;
    }

    int token() {
      return token;
    }

    int length() {
      return length;
    }

    byte[] all() {
      return all;
    }
  }

  /// Address [#MAC], MTU 1500, of the features of a network device only [#PLAIN].
  NetGuest(Lan lan) {
    this(lan, MAC, 1500, 0, 256);
  }

  NetGuest(Lan lan, long mac, int mtu, long features, int queueSize) {
    this(lan, mac, VenetOptions.standard().withMtu(mtu), features, queueSize);
  }

  NetGuest(Lan lan, long mac, VenetOptions options, long features, int queueSize) {
    this(lan, mac, options, features, queueSize, LoopMap.single(lan.loop));
  }

  /// All queues that the features make are set up.
  NetGuest(Lan lan, long mac, VenetOptions options, long features, int queueSize, LoopMap loops) {
    this.lan = lan;
    this.mac = mac;
    this.device = new VenetDevice("guest-" + mac, lan.network, mac, options);
    this.virtio = new VirtioDevice("eth0", 0, device, RingFormat.SPLIT.features());
    MemoryRegion low = new MemoryRegion(BASE, memory.asSlice(0, HALF));
    MemoryRegion high = new MemoryRegion(BORDER, memory.asSlice(HALF));
    virtio.attach(new Attachment(new MappedMemory(List.of(low, high)), this, loops));
    accepted = features | (virtio.offeredFeatures() & (PLAIN | RING_FEATURES));
    int pairs = (features & MQ) != 0 ? options.queues() : 1;
    boolean commands = (features & CTRL_VQ) != 0;
    queues = new DriverQueue[2 * pairs + (commands ? 1 : 0)];
    for (int i = 0; i < queues.length; i++) {
      int size = Math.min(queueSize, virtio.maxQueueSize(i));
      queues[i] = DriverQueue.create(i, size, accepted, 0, heap, new Ledger());
    }
    rx = queues[RX];
    tx = queues[TX];
    control = commands ? queues[2 * pairs] : null;
    start(accepted, true);
  }

  /// Initialises the device, with or without its first receive queue.
  void start(long accepted, boolean withRx) {
    virtio.writeStatus(1);
    virtio.writeStatus(3);
    virtio.acceptFeatures(accepted);
    virtio.writeStatus(11);
    for (int i = 0; i < queues.length; i++) {
      virtio.placeQueue(i, queues[i].addresses());
      virtio.queueReady(i, i != RX || withRx);
    }
    virtio.writeStatus(15);
  }

  /// Resets the device and initialises it again.
  void restart() {
    virtio.writeStatus(0);
    chains.clear();
    for (DriverQueue queue : queues) {
      queue.reset();
    }
    start(accepted, true);
  }

  /// Resets one queue and sets it up again (2.6.1).
  void resetQueue(int index) {
    virtio.resetQueue(index);
    queues[index].reset();
    virtio.placeQueue(index, queues[index].addresses());
    virtio.queueReady(index, true);
  }

  /// Sends a command and steps the device.
  ///
  /// @return the answer, -1 when there is none yet
  int command(int commandClass, int command, byte... data) {
    byte[] all = new byte[2 + data.length];
    all[0] = (byte) commandClass;
    all[1] = (byte) command;
    System.arraycopy(data, 0, all, 2, data.length);
    return command(List.of(filled(all, 0, all.length), new Piece(dirty(1), 1, true)));
  }

  /// Sends a command that lies in memory already; its answer is in the last piece.
  int command(List<Piece> pieces) {
    int token = commit(control, pieces);
    lan.run();
    return answer(token, pieces.getLast().gpa());
  }

  /// Puts a command on the control queue.
  int commitControl(List<Piece> pieces) {
    return commit(control, pieces);
  }

  private int answer(int token, long gpa) {
    int returned = control.nextUsed();
    if (returned < 0) {
      return -1;
    }
    if (returned != token || control.usedLength() != 1) {
      throw new AssertionError(
          "command %d came back as %d with %d bytes"
              .formatted(token, returned, control.usedLength()));
    }
    return memory.get(ValueLayout.JAVA_BYTE, off(gpa));
  }

  /// Offers a receive chain of pair `pair`.
  int offerTo(int pair, int length) {
    return commit(queues[2 * pair], List.of(new Piece(dirty(length), length, true)));
  }

  /// Frames that arrived on the receive queue of a pair.
  List<byte[]> frames(int pair) {
    List<byte[]> frames = new ArrayList<>();
    for (Used used : used(queues[2 * pair])) {
      frames.add(Arrays.copyOfRange(used.all(), 12, used.length()));
    }
    return frames;
  }

  /// Sends a frame, its header all zero, on the transmit queue of a pair, and steps the device.
  void sendOn(int pair, byte[] frame) {
    DriverQueue queue = queues[2 * pair + 1];
    byte[] packet = Frames.join(Frames.plainHeader(), frame);
    int token = commit(queue, List.of(filled(packet, 0, packet.length)));
    lan.run();
    int returned = queue.nextUsed();
    if (returned != token) {
      throw new AssertionError("transmit chain " + token + " did not come back, but " + returned);
    }
  }

  /// The negotiated features.
  long accepted() {
    return accepted;
  }

  @Override
  public boolean queue(int queue) {
    signals[queue]++;
    return true;
  }

  /// Used buffer notifications of a queue so far.
  int signals(int queue) {
    return signals[queue];
  }

  @Override
  public void config() {
    configSignals++;
  }

  /// Configuration change notifications so far.
  int configSignals() {
    return configSignals;
  }

  long mac() {
    return mac;
  }

  long drops(DropReason reason) {
    return device.port().counters().drops(reason);
  }

  /// Offset in [#memory] of an address.
  static long off(long gpa) {
    return gpa - BASE;
  }

  /// Dirty memory with guards, freed never.
  long dirty(int len) {
    long block = heap.allocate(len + 2L * GUARD, 64);
    memory.asSlice(block, len + 2L * GUARD).fill(DIRT);
    return heap.gpa(block) + GUARD;
  }

  /// Offers one receive chain of descriptors of these lengths.
  int offer(int... lengths) {
    List<Piece> pieces = new ArrayList<>();
    for (int len : lengths) {
      pieces.add(new Piece(dirty(len), len, true));
    }
    return offer(pieces);
  }

  /// Offers one receive chain.
  int offer(List<Piece> pieces) {
    return commit(rx, pieces);
  }

  private int commit(DriverQueue queue, List<Piece> pieces) {
    int token = nextToken++;
    queue.begin();
    for (Piece piece : pieces) {
      if (piece.write()) {
        queue.in(piece.gpa(), piece.len());
      } else {
        queue.out(piece.gpa(), piece.len());
      }
    }
    queue.commit(token);
    boolean _ = queue.publish();
    chains.put(token, pieces);
    return token;
  }

  /// Takes the used receive chains, in order.
  List<Used> used() {
    return used(rx);
  }

  private List<Used> used(DriverQueue queue) {
    List<Used> used = new ArrayList<>();
    for (int token; (token = queue.nextUsed()) >= 0; ) {
      List<Piece> pieces = chains.get(token);
      byte[] all = new byte[pieces.stream().mapToInt(Piece::len).sum()];
      int at = 0;
      for (Piece piece : pieces) {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, off(piece.gpa()), all, at, piece.len());
        at += piece.len();
      }
      used.add(new Used(token, queue.usedLength(), all));
    }
    return used;
  }

  /// used.idx as the guest sees it, without taking anything.
  int usedIdx(DriverQueue queue) {
    return memory.get(LittleEndian.SHORT, off(queue.addresses().used()) + SplitLayout.IDX) & 0xffff;
  }

  /// Puts bytes into memory of their own, in one transmit chain cut after `cuts[0]` bytes, then
  /// after `cuts[1]` more, and so on; the rest is the last descriptor. Steps the device and takes
  /// the chain back.
  ///
  /// @return the used length
  int send(byte[] packet, int... cuts) {
    List<Piece> pieces = new ArrayList<>();
    int at = 0;
    for (int cut : cuts) {
      pieces.add(filled(packet, at, cut));
      at += cut;
    }
    if (at < packet.length) {
      pieces.add(filled(packet, at, packet.length - at));
    }
    return send(pieces);
  }

  /// Sends a chain of descriptors that are in memory already.
  int send(List<Piece> pieces) {
    int token = commit(tx, pieces);
    lan.run();
    int returned = tx.nextUsed();
    if (returned != token) {
      throw new AssertionError("transmit chain " + token + " did not come back, but " + returned);
    }
    return tx.usedLength();
  }

  /// A device-readable descriptor of these bytes.
  Piece filled(byte[] bytes, int from, int len) {
    long gpa = dirty(len);
    write(gpa, bytes, from, len);
    return new Piece(gpa, len, false);
  }

  void write(long gpa, byte[] bytes, int from, int len) {
    MemorySegment.copy(bytes, from, memory, ValueLayout.JAVA_BYTE, off(gpa), len);
  }

  /// A copy of all memory.
  byte[] snapshot() {
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }
}
