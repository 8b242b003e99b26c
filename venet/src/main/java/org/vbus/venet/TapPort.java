package org.vbus.venet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Pollable;
import org.vbus.core.memory.LittleEndian;
import org.vbus.linux.Errno;
import org.vbus.linux.Tap;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameConsumer;
import org.vbus.venet.l2.FrameInbox;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.offload.GsoHeaders;
import org.vbus.venet.offload.SoftwareOffload;

/// A tap device as a port of a switch: the way to the host's kernel.
///
/// Its loop reads frames into one buffer and forwards them, and writes what is delivered; a full
/// kernel queue drops. Each frame has the virtio-net header before it (IFF_VNET_HDR), by which
/// either side leaves checksums and segmentation to the other; what the kernel does not take is
/// done in software.
final class TapPort implements Pollable, Port, AutoCloseable {
  private static final int BUFFER = Tap.VNET_HEADER + Tap.LONGEST_FRAME;
  private static final int INBOX_SLOTS = 256;

  private final Tap tap;
  private final VenetSwitch network;
  private final PollLoop loop;
  private final SwitchPort port;
  private final int header;

  /// What the kernel leaves to us and takes from us, as bits of [Offload].
  private final int offloads;

  private final ByteBuf ingressBuffer = PooledByteBufAllocator.DEFAULT.directBuffer(BUFFER, BUFFER);
  private final ByteBuf egressBuffer = PooledByteBufAllocator.DEFAULT.directBuffer(BUFFER, BUFFER);
  private final MemorySegment ingress =
      MemorySegment.ofBuffer(ingressBuffer.internalNioBuffer(0, BUFFER));
  private final MemorySegment egress =
      MemorySegment.ofBuffer(egressBuffer.internalNioBuffer(0, BUFFER));
  private final Frame frame = new Frame(1);
  private final GsoHeaders headers = new GsoHeaders();
  private final SoftwareOffload software;
  private final FrameInbox inbox = new FrameInbox(INBOX_SLOTS, BUFFER - Tap.VNET_HEADER);
  private final FrameConsumer inboxConsumer;

  /// Takes over `tap` as port `name`, polled by `loop`.
  ///
  /// @throws IllegalArgumentException when the name is taken on that switch
  TapPort(String name, Tap tap, VenetSwitch network, PollLoop loop, int group) {
    this.tap = tap;
    this.network = network;
    this.loop = loop;
    this.header = tap.headerLength();
    this.offloads = offloads(tap.offloads());
    this.port = network.attach(name, this, group);
    this.software = new SoftwareOffload(whole -> write(whole, Offload.NONE), port);
    this.inboxConsumer = waiting -> port.count(write(waiting), waiting.length());
    network.usedBy(loop);
    loop.waiter().watch(tap.fd().number());
    loop.add(this);
  }

  private static int offloads(int agreed) {
    return bit(agreed, Tap.CSUM, Offload.ACCEPTS_CHECKSUM)
        | bit(agreed, Tap.TSO4, 1 << Offload.TCP4)
        | bit(agreed, Tap.TSO6, 1 << Offload.TCP6)
        | bit(agreed, Tap.TSO_ECN, Offload.ACCEPTS_ECN)
        | bit(agreed, Tap.USO4, 1 << Offload.UDP4)
        | bit(agreed, Tap.USO6, 1 << Offload.UDP6);
  }

  private static int bit(int agreed, int theirs, int ours) {
    return (agreed & theirs) != 0 ? ours : 0;
  }

  /// Its port on the switch.
  SwitchPort port() {
    return port;
  }

  @Override
  public int poll(int budget) {
    int done = inbox.isEmpty() ? 0 : inbox.drain(budget, inboxConsumer);
    while (done < budget) {
      int n = tap.read(ingress, 0, BUFFER);
      if (n <= header) {
        break;
      }
      frame.reset();
      boolean _ = frame.add(ingress, header, n - header);
      if (offloads == 0 || decode()) {
        network.l2().forward(port, frame, loop.now());
      } else {
        port.counters().drop(DropReason.BAD_OFFLOAD);
      }
      done++;
    }
    return done;
  }

  /// Takes over what the header of the frame says; whether it makes sense.
  private boolean decode() {
    long word = ingress.get(LittleEndian.LONG_ANY, 0);
    if (word == 0) {
      return true;
    }
    int csumOffset = ingress.get(LittleEndian.SHORT_ANY, PacketHeader.TAIL) & 0xffff;
    long offload = PacketHeader.decodeTrusted(word, csumOffset, frame, offloads, headers);
    frame.offload(offload);
    return offload != PacketHeader.INVALID;
  }

  @Override
  public Delivery deliver(Frame outgoing) {
    if (loop.inLoop()) {
      return write(outgoing);
    }
    Delivery outcome = inbox.offer(outgoing);
    if (outcome == Delivery.QUEUED) {
      loop.wake();
    }
    return outcome;
  }

  private Delivery write(Frame outgoing) {
    long offload = outgoing.offload();
    if (offload == Offload.NONE || (offloads != 0 && Offload.accepted(offload, offloads))) {
      return write(outgoing, offload);
    }
    return software.deliver(outgoing);
  }

  private Delivery write(Frame outgoing, long offload) {
    int length = outgoing.length();
    if (length > BUFFER - header) {
      return Delivery.TOO_BIG;
    }
    egress.set(LittleEndian.LONG_ANY, 0, PacketHeader.word(offload));
    egress.set(LittleEndian.INT_ANY, PacketHeader.TAIL, PacketHeader.tail(offload, 0));
    outgoing.copyTo(egress, header);
    int n = tap.write(egress, 0, header + length);
    if (n > 0) {
      return Delivery.DELIVERED;
    }
    // EIO: the interface is down.
    return n == -Errno.EAGAIN
        ? Delivery.QUEUE_FULL
        : n == -Errno.EIO ? Delivery.LINK_DOWN : Delivery.PORT_ERROR;
  }

  /// Leaves the switch and the loop, and closes the tap.
  @Override
  public void close() {
    network.detach(port);
    loop.remove(this);
    loop.waiter().unwatch(tap.fd().number());
    tap.close();
    inbox.close();
    ingressBuffer.release();
    egressBuffer.release();
  }
}
