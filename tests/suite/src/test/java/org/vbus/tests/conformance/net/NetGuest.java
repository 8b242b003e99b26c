package org.vbus.tests.conformance.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
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
import org.vbus.venet.l2.DropReason;

/// A guest of one network device, driven by hand: a test lays out each descriptor chain itself.
///
/// Its memory is two adjacent regions; [#BORDER] is where they meet. Buffers are surrounded and
/// filled with [#DIRT], so that a byte the device should not have written shows.
final class NetGuest implements DeviceSignals {
  static final long MAC = 0x5254_0000_0001L;
  static final byte DIRT = (byte) 0xd7;
  static final long MRG_RXBUF = 1L << 15;

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
  private final Lan lan;
  private final long mac;
  private final GuestHeap heap = new GuestHeap(memory, BASE);
  private final Map<Integer, List<Piece>> chains = new HashMap<>();
  private int nextToken;
  private int configSignals;

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

  /// Address [#MAC], MTU 1500, all features the device offers but MRG_RXBUF and offloads.
  NetGuest(Lan lan) {
    this(lan, MAC, 1500, 0, 256);
  }

  NetGuest(Lan lan, long mac, int mtu, long features, int queueSize) {
    this.lan = lan;
    this.mac = mac;
    this.device = new VenetDevice("guest-" + mac, lan.network, mac, mtu, 0);
    this.virtio = new VirtioDevice("eth0", 0, device, RingFormat.SPLIT.features());
    MemoryRegion low = new MemoryRegion(BASE, memory.asSlice(0, HALF));
    MemoryRegion high = new MemoryRegion(BORDER, memory.asSlice(HALF));
    virtio.attach(
        new Attachment(new MappedMemory(List.of(low, high)), this, LoopMap.single(lan.loop)));
    long accepted =
        features
            | (virtio.offeredFeatures() & ~MRG_RXBUF & ~OFFLOADS & ~Feature.INDIRECT_DESC.mask());
    rx = DriverQueue.create(RX, queueSize, accepted, 0, heap, new Ledger());
    tx = DriverQueue.create(TX, queueSize, accepted, 0, heap, new Ledger());
    start(accepted, true);
  }

  /// Initialises the device, with or without its receive queue.
  void start(long accepted, boolean withRx) {
    virtio.writeStatus(1);
    virtio.writeStatus(3);
    virtio.acceptFeatures(accepted);
    virtio.writeStatus(11);
    virtio.placeQueue(RX, rx.addresses());
    virtio.placeQueue(TX, tx.addresses());
    virtio.queueReady(RX, withRx);
    virtio.queueReady(TX, true);
    virtio.writeStatus(15);
  }

  @Override
  public boolean queue(int queue) {
    return true;
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
    List<Used> used = new ArrayList<>();
    for (int token; (token = rx.nextUsed()) >= 0; ) {
      List<Piece> pieces = chains.get(token);
      byte[] all = new byte[pieces.stream().mapToInt(Piece::len).sum()];
      int at = 0;
      for (Piece piece : pieces) {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, off(piece.gpa()), all, at, piece.len());
        at += piece.len();
      }
      used.add(new Used(token, rx.usedLength(), all));
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
