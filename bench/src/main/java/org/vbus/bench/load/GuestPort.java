package org.vbus.bench.load;

import static org.vbus.core.memory.LittleEndian.LONG_ANY;
import static org.vbus.core.memory.LittleEndian.SHORT_ANY;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.station.StationFrames;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.ProtocolException;
import org.vbus.connector.vhostuser.ProtocolFeature;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.EventFd;
import org.vbus.linux.SharedMemory;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.driver.NetDriver;

/// A guest with one network card, reduced to what a load needs: frames of 64 bytes that carry a
/// number and the time at which they were due, one pair of queues, memory of its own.
///
/// ```
///   put, put, ... flush          -> transmit ring, a kick where the back-end asks for one
///   awake, next, recycle, ... refill, rest   <- receive ring
/// ```
///
/// It kicks when asked and only then. Whether it asks for calls is a choice: a guest that polls
/// does not; one that takes interrupts looks at its ring after a call and until the ring is empty,
/// as NAPI does. Nothing here allocates once it is attached. One thread.
final class GuestPort implements AutoCloseable {
  /// Bytes of a frame, without the frame check sequence.
  static final int FRAME = 64;

  /// Entries of either ring.
  static final int RING = 256;

  private static final int RX = 0;
  private static final int TX = 1;
  private static final int HEADER = NetDriver.HEADER;
  private static final int BUFFER = 2048;

  /// Buffers are this far apart: a power of two would put the same bytes of all of them into a few
  /// sets of a cache.
  private static final int STRIDE = BUFFER + 128;

  private static final long MEMORY = 2 << 20;
  private static final long BASE = 0x4000_0000L;

  /// Used buffers after which a request for no calls is repeated, which the event index limits to
  /// 65535 of them (2.7.7.2).
  private static final int REPEAT = 1 << 13;

  /// Offsets in a frame. The type is one for local experiments (IEEE 802).
  private static final int TYPE = 12;

  private static final int RUN = 14;
  private static final int NUMBER = 16;
  private static final int DUE = 24;
  private static final short EXPERIMENT = (short) 0xb588;

  private final Frontend frontend;
  private final SharedMemory shared;
  private final MemorySegment memory;
  private final GuestHeap heap;
  private final DriverQueue rx;
  private final DriverQueue tx;
  private final long rxBuffers;
  private final long txBuffers;
  private final EventFd[] events = new EventFd[6];
  private final EventFd rxCall;
  private final EventFd txCall;
  private final int[] free = new int[RING];
  private final long features;
  private int freeCount;
  private int received;
  private int token;
  private int sinceRequest;
  private boolean interrupts;
  private boolean armed;
  private long kicks;
  private long calls;

  /// Makes the back-end behind `frontend` the card of a guest.
  ///
  /// @param frontend just connected; closed with this
  /// @param packed whether rings are packed, where the back-end has such
  /// @param mac of the card
  /// @param peer where its frames go to
  /// @throws BenchFailure when the back-end will not
  GuestPort(Frontend frontend, boolean packed, long mac, long peer) {
    this.frontend = frontend;
    try {
      shared = SharedMemory.create("vbus-load", MEMORY);
      memory = shared.segment();
      heap = new GuestHeap(memory, BASE);
      features = negotiate(packed);
      Ledger ledger = new Ledger();
      rx = DriverQueue.create(RX, RING, features, 0, heap, ledger);
      tx = DriverQueue.create(TX, RING, features, 0, heap, ledger);
      rxBuffers = heap.allocate((long) STRIDE * RING, 4096);
      txBuffers = heap.allocate((long) STRIDE * RING, 4096);
      for (int i = 0; i < events.length; i++) {
        events[i] = EventFd.create();
      }
      rxCall = events[1];
      txCall = events[4];
      for (int i = 0; i < RING; i++) {
        token = i;
        recycle();
        free[freeCount++] = i;
        write(txBuffers + (long) i * STRIDE + HEADER, mac, peer);
      }
      start();
    } catch (IOException e) {
      throw new BenchFailure("cannot attach a guest: " + e.getMessage(), e);
    }
  }

  private long negotiate(boolean packed) throws ProtocolException {
    long wanted =
        Feature.setOf(Feature.VERSION_1, Feature.EVENT_IDX, Feature.IN_ORDER)
            | 1L << NetDriver.F_MRG_RXBUF
            | (packed ? Feature.RING_PACKED.mask() : 0);
    long agreed = frontend.features() & wanted;
    if (!Feature.VERSION_1.in(agreed)) {
      throw new BenchFailure("the back-end offers no VERSION_1");
    }
    status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    if (!frontend.accept(agreed)) {
      throw new BenchFailure("the back-end refuses features 0x" + Long.toHexString(agreed));
    }
    status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
    return agreed;
  }

  private void status(int value) throws ProtocolException {
    if (frontend.has(ProtocolFeature.STATUS)) {
      frontend.status(value);
    }
  }

  private void write(long frame, long mac, long peer) {
    byte[] addresses = new byte[TYPE];
    StationFrames.addresses(addresses, mac, peer);
    MemorySegment.copy(addresses, 0, memory, ValueLayout.JAVA_BYTE, frame, TYPE);
    memory.set(SHORT_ANY, frame + TYPE, EXPERIMENT);
  }

  private void start() throws ProtocolException {
    frontend.share(shared, BASE);
    int position = VirtQueue.freshPosition(features);
    rx.disableSignals();
    tx.disableSignals();
    boolean _ = rx.publish();
    frontend.start(RX, rx.addresses(), position, events[0], events[1], events[2]);
    frontend.start(TX, tx.addresses(), position, events[3], events[4], events[5]);
    status(
        DeviceStatus.ACKNOWLEDGE
            | DeviceStatus.DRIVER
            | DeviceStatus.FEATURES_OK
            | DeviceStatus.DRIVER_OK);
    // What was offered before the ring was started may have gone unseen.
    events[0].signal();
  }

  /// The negotiated features.
  long features() {
    return features;
  }

  /// Whether the back-end has closed the connection.
  boolean gone() {
    return frontend.gone();
  }

  /// Chooses between a guest that takes interrupts and one that polls, and counts from 0.
  void begin(boolean withInterrupts) {
    interrupts = withInterrupts;
    armed = false;
    rx.disableSignals();
    tx.disableSignals();
    long _ = rxCall.drain() + txCall.drain();
    calls = 0;
    kicks = 0;
    rest();
  }

  /// Kicks since [#begin(boolean)].
  long kicks() {
    return kicks;
  }

  /// Calls of both queues since [#begin(boolean)].
  long calls() {
    calls += rxCall.drain() + txCall.drain();
    return calls;
  }

  /// Puts a frame into the transmit ring, which the back-end sees after [#flush()].
  ///
  /// @param run whose frame it is
  /// @param due when it should have been sent
  /// @return false when the ring is full
  boolean put(int run, long number, long due) {
    if (freeCount == 0 && !reclaim()) {
      return false;
    }
    int buffer = free[--freeCount];
    long at = txBuffers + (long) buffer * STRIDE;
    memory.set(SHORT_ANY, at + HEADER + RUN, (short) run);
    memory.set(LONG_ANY, at + HEADER + NUMBER, number);
    memory.set(LONG_ANY, at + HEADER + DUE, due);
    tx.begin();
    tx.out(heap.gpa(at), HEADER + FRAME);
    tx.commit(buffer);
    return true;
  }

  private boolean reclaim() {
    for (int done; (done = tx.nextUsed()) >= 0; ) {
      free[freeCount++] = done;
    }
    tx.disableSignals();
    return freeCount > 0;
  }

  /// Makes what was put visible.
  void flush() {
    if (tx.publish()) {
      kicks++;
      events[3].signal();
    }
  }

  /// Whether to look at the receive ring: a guest that takes interrupts does not before there is
  /// one.
  boolean awake() {
    if (!armed) {
      return true;
    }
    long n = rxCall.drain();
    if (n == 0) {
      return false;
    }
    calls += n;
    armed = false;
    rx.disableSignals();
    return true;
  }

  /// The next frame received; a buffer that holds none of 64 bytes is one of run -1.
  ///
  /// @return where it is, to be given back with [#recycle()]; -1 when there is none
  long next() {
    token = rx.nextUsed();
    if (token < 0) {
      return -1;
    }
    long at = rxBuffers + (long) token * STRIDE + HEADER;
    if (rx.usedLength() != HEADER + FRAME) {
      memory.set(SHORT_ANY, at + RUN, (short) -1);
    }
    return at;
  }

  /// Whose frame it is.
  int run(long at) {
    return memory.get(SHORT_ANY, at + RUN);
  }

  long number(long at) {
    return memory.get(LONG_ANY, at + NUMBER);
  }

  /// When it should have been sent.
  long due(long at) {
    return memory.get(LONG_ANY, at + DUE);
  }

  /// Offers the buffer of the frame that [#next()] gave, visible after [#refill()].
  void recycle() {
    rx.begin();
    rx.in(heap.gpa(rxBuffers + (long) token * STRIDE), BUFFER);
    rx.commit(token);
    received++;
  }

  /// Makes the buffers that were given back visible.
  void refill() {
    if (rx.publish()) {
      kicks++;
      events[0].signal();
    }
    sinceRequest += received;
    received = 0;
    if (!interrupts && sinceRequest >= REPEAT) {
      sinceRequest = 0;
      rx.disableSignals();
    }
  }

  /// The ring was found empty: asks for calls, if this is a guest that takes interrupts.
  void rest() {
    if (interrupts && !armed) {
      if (rx.enableSignals()) {
        rx.disableSignals();
      } else {
        armed = true;
      }
    }
  }

  @Override
  public void close() {
    frontend.close();
    for (EventFd event : events) {
      event.close();
    }
    shared.close();
  }
}
