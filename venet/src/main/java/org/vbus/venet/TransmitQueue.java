package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.HEADER;
import static org.vbus.venet.VenetProtocol.exceeds;

import org.jspecify.annotations.Nullable;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.offload.GsoHeaders;

/// Frames from a guest: what lies in a transmit queue goes to the switch as it lies in guest
/// memory. Used by the loop that polls the queue.
final class TransmitQueue {
  /// Frames that go through the switch together.
  private static final int BURST = 32;

  /// What is written into transmit buffers.
  private static final int[] NOTHING = new int[BURST];

  private final VirtQueue queue;
  private final SwitchPort port;
  private final L2Switch network;
  private final Pacer pacer;
  private final int mtu;
  private final int allowed;
  private final int pair;
  private final DriverSettings settings;
  private final Steering steering;
  private final Chain[] chains = new Chain[BURST];
  private final Frame[] frames = new Frame[BURST];
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
    for (int i = 0; i < BURST; i++) {
      chains[i] = new Chain();
      frames[i] = new Frame();
    }
  }

  /// Forwards up to `budget` frames; with the link down they are dropped.
  int poll(int budget, long time, boolean linkUp) {
    pacer.refill(time);
    boolean steered = settings.rules().pairs() > 1;
    int done = 0;
    int most;
    int taken;
    while ((most = pacer.allows(Math.min(BURST, budget - done))) > 0
        && (taken = queue.peek(chains, most)) > 0) {
      int good = 0;
      for (int i = 0; i < taken; i++) {
        Frame frame = frames[good];
        DropReason drop = decode(chains[i], frame, linkUp);
        if (drop != null) {
          port.counters().drop(drop);
          continue;
        }
        pacer.take(frame.length());
        if (steered) {
          steering.sent(FlowHash.of(frame), pair);
        }
        good++;
      }
      network.forward(port, frames, good, time);
      queue.complete(chains, taken, NOTHING);
      done += taken;
    }
    return done;
  }

  /// Makes a frame of what follows the packet header, and reads the beginning of both.
  ///
  /// @return why not, or null
  private @Nullable DropReason decode(Chain chain, Frame frame, boolean linkUp) {
    if (chain.readable() <= HEADER) {
      return DropReason.PORT_ERROR;
    }
    if (!linkUp) {
      return DropReason.LINK_DOWN;
    }
    if (chain.readablePieces() == 1) {
      frame.set(chain.segment(0), chain.offset(0) + HEADER, chain.length(0) - HEADER);
    } else if (!gather(chain, frame)) {
      return DropReason.TOO_BIG;
    }
    boolean _ = frame.hasHeader();
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

  /// A frame of several pieces; false when they are too many.
  private static boolean gather(Chain chain, Frame frame) {
    frame.reset();
    int skip = HEADER;
    for (int i = 0; i < chain.readablePieces(); i++) {
      int len = chain.length(i);
      if (len <= skip) {
        skip -= len;
      } else if (frame.add(chain.segment(i), chain.offset(i) + skip, len - skip)) {
        skip = 0;
      } else {
        return false;
      }
    }
    return true;
  }
}
