package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.HEADER;
import static org.vbus.venet.VenetProtocol.exceeds;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.Batch;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.offload.GsoHeaders;

/// Frames from a guest: what lies in a transmit queue goes to the switch as it lies in guest
/// memory. Used by the loop that polls the queue.
final class TransmitQueue {
  /// Frames that go through the switch together.
  private static final int BURST = 32;

  private final VirtQueue queue;
  private final SwitchPort port;
  private final L2Switch network;
  private final Pacer pacer;
  private final int mtu;
  private final int allowed;
  private final int pair;
  private final DriverSettings settings;
  private final Steering steering;
  private final Batch batch = new Batch(BURST);
  private final FrameBurst burst = new FrameBurst(BURST);
  private final Chain chain = new Chain();
  private final Frame frame = new Frame();
  private final GsoHeaders headers = new GsoHeaders();

  /// @param allowed bits of [Offload] that the driver may use
  /// @param pair number of its pair
  /// @param steering learns of its flows while there are several pairs
  TransmitQueue(
      VirtQueue queue,
      SwitchPort port,
      L2Switch network,
      Pacer pacer,
      int mtu,
      int allowed,
      int pair,
      DriverSettings settings,
      Steering steering) {
    this.queue = queue;
    this.port = port;
    this.network = network;
    this.pacer = pacer;
    this.mtu = mtu;
    this.allowed = allowed;
    this.pair = pair;
    this.settings = settings;
    this.steering = steering;
  }

  /// Forwards up to `budget` frames; with the link down they are dropped.
  int poll(int budget, long time, boolean linkUp) {
    pacer.refill(time);
    int done = 0;
    int most;
    while ((most = pacer.allows(Math.min(BURST, budget - done))) > 0) {
      int found = linkUp ? queue.peek(batch, most, false) : 0;
      int plain = forwardPlain(found, time);
      done += plain;
      // What is left of them is not worth a look at all once more.
      for (int rest = Math.max(found - plain, plain == 0 ? 1 : 0); rest > 0; rest--) {
        if (!queue.peek(chain)) {
          return done;
        }
        forwardNext(time, linkUp);
        done++;
      }
    }
    return done;
  }

  /// Forwards those of the `found` frames in the batch that need nothing else, up to the first that
  /// does.
  ///
  /// @return how many
  private int forwardPlain(int found, long time) {
    if (found == 0) {
      return 0;
    }
    MemorySegment memory = batch.segment();
    burst.begin(memory);
    int longest = HEADER + Frame.HEADER_LENGTH + mtu;
    int count = 0;
    while (count < found) {
      long off = batch.offset(count);
      int len = batch.length(count);
      if (len < HEADER + Frame.HEADER_LENGTH
          || len > longest
          || memory.get(LittleEndian.LONG_ANY, off) != 0) {
        break;
      }
      burst.add(off + HEADER, len - HEADER);
      count++;
    }
    if (count > 0) {
      account(count);
      network.forward(port, burst, time);
      queue.complete(batch, count);
    }
    return count;
  }

  private void account(int count) {
    pacer.take(burst.bytes(0, count));
    if (settings.rules().pairs() > 1) {
      for (int i = 0; i < count; i++) {
        steering.sent(FlowHash.of(burst.frame(i)), pair);
      }
    }
  }

  /// Forwards the frame in the chain.
  private void forwardNext(long time, boolean linkUp) {
    DropReason drop = decode(linkUp);
    if (drop == null) {
      pacer.take(frame.length());
      if (settings.rules().pairs() > 1) {
        steering.sent(FlowHash.of(frame), pair);
      }
      network.forward(port, frame, time);
    } else {
      port.counters().drop(drop);
    }
    queue.complete(chain, 0);
  }

  /// Makes a frame of what follows the packet header.
  ///
  /// @return why not, or null
  private @Nullable DropReason decode(boolean linkUp) {
    if (chain.readable() <= HEADER) {
      return DropReason.PORT_ERROR;
    }
    if (!linkUp) {
      return DropReason.LINK_DOWN;
    }
    frame.reset();
    int skip = HEADER;
    for (int i = 0; i < chain.readablePieces(); i++) {
      int len = chain.length(i);
      if (len <= skip) {
        skip -= len;
      } else if (frame.add(chain.segment(i), chain.offset(i) + skip, len - skip)) {
        skip = 0;
      } else {
        return DropReason.TOO_BIG;
      }
    }
    // The header is read once: what it is checked for is what is used.
    long word = chain.readLong(0);
    if (word != 0) {
      int csumOffset = chain.readShort(PacketHeader.TAIL);
      long offload = PacketHeader.decode(word, csumOffset, frame, allowed, headers);
      if (offload == PacketHeader.INVALID) {
        return DropReason.BAD_OFFLOAD;
      }
      frame.offload(offload);
    }
    return exceeds(mtu, frame) ? DropReason.TOO_BIG : null;
  }
}
