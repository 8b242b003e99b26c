package org.vbus.venet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Pollable;
import org.vbus.linux.Errno;
import org.vbus.linux.Tap;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameConsumer;
import org.vbus.venet.l2.FrameInbox;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// A tap device as a port of a switch: the way to the host's kernel.
///
/// Its loop reads frames into one buffer and forwards them, and writes what is delivered; a full
/// kernel queue drops. Each frame has the virtio-net header before it (IFF_VNET_HDR), all zero as
/// long as no offload is agreed with the kernel.
final class TapPort implements Pollable, Port, AutoCloseable {
  private static final int BUFFER = 1 << 16;
  private static final int INBOX_SLOTS = 256;

  private final Tap tap;
  private final VenetSwitch network;
  private final PollLoop loop;
  private final SwitchPort port;
  private final int header;
  private final ByteBuf ingressBuffer = PooledByteBufAllocator.DEFAULT.directBuffer(BUFFER, BUFFER);
  private final ByteBuf egressBuffer = PooledByteBufAllocator.DEFAULT.directBuffer(BUFFER, BUFFER);
  private final MemorySegment ingress =
      MemorySegment.ofBuffer(ingressBuffer.internalNioBuffer(0, BUFFER));
  private final MemorySegment egress =
      MemorySegment.ofBuffer(egressBuffer.internalNioBuffer(0, BUFFER));
  private final Frame frame = new Frame(1);
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
    egress.asSlice(0, header).fill((byte) 0);
    this.port = network.attach(name, this, group);
    this.inboxConsumer = waiting -> port.count(write(waiting), waiting.length());
    network.usedBy(loop);
    loop.waiter().watch(tap.fd().number());
    loop.add(this);
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
      network.l2().forward(port, frame, loop.now());
      done++;
    }
    return done;
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
    int length = outgoing.length();
    if (length > BUFFER - header) {
      return Delivery.TOO_BIG;
    }
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
