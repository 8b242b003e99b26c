package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.HEADER;
import static org.vbus.venet.VenetProtocol.MAX_GSO_FRAME;
import static org.vbus.venet.VenetProtocol.exceeds;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.ring.Batch;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;
import org.vbus.venet.l2.FrameConsumer;
import org.vbus.venet.l2.FrameInbox;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.offload.SoftwareOffload;

/// Frames to a guest: copied into the buffers of a receive queue, at once on the loop that owns the
/// queue, by way of an inbox from any other.
///
/// ```
///   own loop   ---deliver---> as it is, when the driver accepts its offload --.
///                         '-> SoftwareOffload ---------------------------------+--> receive buffers
///   other loop ---deliver---> FrameInbox ---drain (own loop)---> the same -----'
/// ```
final class ReceiveQueue implements AutoCloseable {
  private static final int INBOX_SLOTS = 256;

  /// Most receive buffers for one frame.
  private static final int MAX_MERGED = 64;

  private final VirtQueue queue;
  private final PollLoop loop;
  private final SwitchPort port;
  private final int mtu;
  private final boolean mergeable;
  private final int pair;
  private final DriverSettings settings;
  private final @Nullable PollLoop control;
  private final FrameInbox inbox;

  /// Made when a frame first needs so many.
  private final @Nullable Chain[] chains = new @Nullable Chain[MAX_MERGED];

  private final Batch batch = new Batch(MAX_MERGED);
  private final SoftwareOffload software;

  /// Copies of the present frame from guest to guest.
  private int copies;

  // [MO-NET-2] VOLATILE seen. Writer: this queue's loop, between two deliveries. Reader: the loop
  // of the control queue, before it uses the command. Orders: what older rules delivered before it.
  private volatile ReceiveRules seen;

  // Fields, because a method reference made per poll would be garbage per poll.
  private final FrameConsumer drained = this::drained;
  private final FrameConsumer refused = this::refused;

  /// @param mergeable a frame may be spread over several buffers
  /// @param pair number of its pair
  /// @param settings what the driver wants
  /// @param control the loop that waits for [#hasSeen], null when there is no control queue
  ReceiveQueue(
      VirtQueue queue,
      PollLoop loop,
      SwitchPort port,
      int mtu,
      boolean mergeable,
      int pair,
      DriverSettings settings,
      @Nullable PollLoop control) {
    this.queue = queue;
    this.loop = loop;
    this.port = port;
    this.mtu = mtu;
    this.mergeable = mergeable;
    this.pair = pair;
    this.settings = settings;
    this.control = control;
    this.seen = settings.rules();
    this.software = new SoftwareOffload(frame -> receive(frame, Offload.NONE), port);
    this.inbox = new FrameInbox(INBOX_SLOTS, MAX_GSO_FRAME);
  }

  /// Takes a frame for the guest; any loop that forwards.
  Delivery deliver(Frame frame) {
    if (loop.inLoop()) {
      return receiveFrame(frame, 1);
    }
    Delivery outcome = inbox.offer(frame);
    if (outcome == Delivery.QUEUED) {
      loop.wake();
    }
    return outcome;
  }

  /// Takes frames for the guest that fit into one buffer each, up to the first that does not; any
  /// loop.
  ///
  /// @return how many
  int deliver(FrameBurst frames, int from, int to) {
    if (!loop.inLoop() || pair >= settings.rules().pairs()) {
      return 0;
    }
    int found = queue.peek(batch, to - from, true);
    if (found == 0) {
      return 0;
    }
    MemorySegment source = frames.segment();
    MemorySegment target = batch.segment();
    // First all headers: the processor need not wait for one buffer before it asks for the next.
    int count = 0;
    while (count < found && fits(frames.length(from + count), batch.length(count))) {
      PacketHeader.writePlain(target, batch.offset(count));
      batch.written(count, HEADER + frames.length(from + count));
      count++;
    }
    for (int i = 0; i < count; i++) {
      int at = from + i;
      MemorySegment.copy(
          source, frames.offset(at), target, batch.offset(i) + HEADER, frames.length(at));
    }
    queue.complete(batch, count);
    count(count, frames.bytes(from, from + count));
    return count;
  }

  private boolean fits(int length, int buffer) {
    return HEADER + length <= buffer && length <= Frame.HEADER_LENGTH + mtu;
  }

  /// Whether everything from now on is delivered by these rules; any thread.
  boolean hasSeen(ReceiveRules rules) {
    return seen == rules;
  }

  /// Delivers what other loops left; with the link down it is dropped.
  int poll(int budget, boolean linkUp) {
    int noted = 0;
    ReceiveRules now = settings.rules();
    if (seen != now) {
      takeNote(now);
      noted = 1;
    }
    return noted + (inbox.isEmpty() ? 0 : inbox.drain(budget, linkUp ? drained : refused));
  }

  private void takeNote(ReceiveRules rules) {
    seen = rules;
    if (control != null) {
      control.wake();
    }
  }

  private void drained(Frame frame) {
    port.count(receiveFrame(frame, 2), frame.length());
  }

  private void refused(Frame frame) {
    port.count(Delivery.LINK_DOWN, frame.length());
  }

  /// Drops what waits and publishes what was delivered; on the loop, after the last poll.
  @Override
  public void close() {
    inbox.drain(INBOX_SLOTS, refused);
    inbox.close();
    loop.burst().publish();
  }

  /// Hands the frame to the driver, by `copiesMade` copies altogether.
  private Delivery receiveFrame(Frame frame, int copiesMade) {
    copies = copiesMade;
    if (exceeds(mtu, frame)) {
      return Delivery.TOO_BIG;
    }
    ReceiveRules rules = settings.rules();
    if (pair >= rules.pairs()) {
      // The driver has stopped to use the pair while the frame was on its way.
      return Delivery.NO_BUFFER;
    }
    long offload = frame.offload();
    return offload == Offload.NONE
        ? receive(frame, Offload.NONE)
        : receiveOffloaded(frame, offload, rules.accepts());
  }

  private Delivery receiveOffloaded(Frame frame, long offload, int accepts) {
    // That somebody has checked a checksum, too, may be said only to who knows the flag.
    if (accepts != 0 && Offload.accepted(offload, accepts)) {
      Delivery outcome = receive(frame, offload);
      // A driver may offer buffers that are too small for what it accepts (5.1.9.3.1).
      if (outcome != Delivery.TOO_BIG || !Offload.isSegmented(offload)) {
        return outcome;
      }
    }
    return software.deliver(frame);
  }

  private Delivery receive(Frame frame, long offload) {
    VirtQueue rx = queue;
    int length = frame.length();
    Chain first = chain(0);
    if (!rx.peek(first)) {
      return rx.fault() == null ? Delivery.NO_BUFFER : Delivery.PORT_ERROR;
    }
    int need = HEADER + length;
    if (first.writable() < need) {
      return mergeable ? receiveMerged(frame, offload) : Delivery.TOO_BIG;
    }
    PacketHeader.write(first, offload, 1);
    int piece = first.readablePieces();
    if (first.length(piece) >= need) {
      frame.copyTo(first.segment(piece), first.offset(piece) + HEADER);
    } else {
      scatter(frame, 0, first, HEADER, length);
    }
    rx.complete(first, need);
    count(copies, (long) copies * length);
    return Delivery.DELIVERED;
  }

  private Chain chain(int i) {
    Chain chain = chains[i];
    if (chain == null) {
      chain = new Chain();
      chains[i] = chain;
    }
    return chain;
  }

  /// A frame over several buffers, all of which become visible together (5.1.9.4.1).
  private Delivery receiveMerged(Frame frame, long offload) {
    int need = HEADER + frame.length();
    int room = chain(0).writable();
    if (room < HEADER) {
      return Delivery.TOO_BIG;
    }
    int buffers = 1;
    while (room < need) {
      if (buffers == MAX_MERGED) {
        return Delivery.TOO_BIG;
      }
      Chain next = chain(buffers);
      if (!queue.peek(next, buffers)) {
        return queue.fault() == null ? Delivery.NO_BUFFER : Delivery.PORT_ERROR;
      }
      // Lengths are the guest's: their sum may be any.
      room += Math.min(next.writable(), need);
      buffers++;
    }
    PacketHeader.write(chain(0), offload, buffers);
    int done = 0;
    for (int i = 0; i < buffers; i++) {
      Chain chain = chain(i);
      int at = i == 0 ? HEADER : 0;
      int n = Math.min(chain.writable() - at, frame.length() - done);
      scatter(frame, done, chain, at, n);
      queue.complete(chain, at + n);
      done += n;
    }
    count(copies, (long) copies * done);
    return Delivery.DELIVERED;
  }

  private void count(int copiesMade, long bytes) {
    queue.ledger().add(Event.COPIES, copiesMade);
    queue.ledger().add(Event.BYTES_COPIED, bytes);
  }

  /// Copies `len` bytes from byte `from` of the frame to byte `at` of the chain's writable part.
  private static void scatter(Frame frame, int from, Chain chain, int at, int len) {
    int done = 0;
    for (int i = chain.readablePieces(); done < len; i++) {
      int n = chain.length(i);
      if (at >= n) {
        at -= n;
        continue;
      }
      int take = Math.min(n - at, len - done);
      frame.copyTo(from + done, chain.segment(i), chain.offset(i) + at, take);
      done += take;
      at = 0;
    }
  }
}
