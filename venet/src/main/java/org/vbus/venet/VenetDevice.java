package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.*;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.Attribute;
import org.vbus.core.device.ConfigSpace;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.HasAttributes;
import org.vbus.core.device.HasConfig;
import org.vbus.core.device.Paced;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameConsumer;
import org.vbus.venet.l2.FrameInbox;
import org.vbus.venet.l2.MacAddress;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// The virtio network device (5.1) as a port of an L2 switch.
///
/// ```
///   guest TX queue --poll--> Frame over guest memory --> L2Switch.forward
///   L2Switch --deliver--> guest RX queue: one copy, guest to guest
///                 '-- on a foreign loop: FrameInbox, drained by the RX queue's own loop
/// ```
///
/// Offers MAC, STATUS, MTU and MRG_RXBUF. Frames that find no receive buffer are dropped and
/// counted, never waited for. The transmit queue may be paced: above the rate it is simply not
/// consumed.
public final class VenetDevice implements DeviceModel, HasConfig, HasAttributes, Paced, Port {
  private static final int QUEUE_SIZE = 1024;
  private static final int INBOX_SLOTS = 256;

  /// Most receive buffers for one frame.
  private static final int MAX_MERGED = 64;

  private final VenetSwitch network;
  private final SwitchPort port;
  private final long mac;
  private final int mtu;
  private final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
  private final DeviceSpec spec =
      new DeviceSpec(
          DEVICE_ID,
          "virtio-net",
          List.of(new QueueSpec("rx", QUEUE_SIZE, false), new QueueSpec("tx", QUEUE_SIZE, true)),
          1L << F_MTU | 1L << F_MAC | 1L << F_MRG_RXBUF | 1L << F_STATUS);
  private final FrameInbox inbox;
  private final Chain txChain = new Chain();
  private final Frame txFrame = new Frame();
  private final Chain[] rxChains = new Chain[MAX_MERGED];
  private final Pacer pacer = new Pacer();
  private volatile boolean linkUp = true;
  private volatile @Nullable Running running;

  /// What there is between start and stop.
  private record Running(
      DeviceContext context,
      @Nullable VirtQueue rx,
      @Nullable VirtQueue tx,
      PollLoop rxLoop,
      PollLoop txLoop,
      boolean mergeable) {}

  /// A device with address `mac` as port `name` of a switch, link up.
  ///
  /// @param mtu largest payload of a frame, 68 to 65535; 1280 at least is wise (5.1.4.1)
  /// @param group ports of one group do not reach each other, 0 for none
  /// @throws IllegalArgumentException when the name or the address is taken on that switch, or the
  ///   address or the MTU cannot be
  public VenetDevice(String name, VenetSwitch network, long mac, int mtu, int group) {
    checkConfig(mac, mtu);
    this.network = network;
    this.mac = mac;
    this.mtu = mtu;
    this.inbox = new FrameInbox(INBOX_SLOTS, mtu + LINK_HEADER);
    for (int i = 0; i < rxChains.length; i++) {
      rxChains[i] = new Chain();
    }
    for (int i = 0; i < 6; i++) {
      config.set(CONFIG_MAC + i, 1, mac >>> (40 - 8 * i));
    }
    config.set(CONFIG_STATUS, 2, STATUS_LINK_UP);
    config.set(CONFIG_MTU, 2, mtu);
    network.reserve(mac, name);
    try {
      this.port = network.attach(name, this, group);
    } catch (IllegalArgumentException e) {
      network.unreserve(mac);
      throw e;
    }
  }

  @Override
  public DeviceSpec spec() {
    return spec;
  }

  @Override
  public ConfigSpace config() {
    return config;
  }

  /// Its port on the switch.
  public SwitchPort port() {
    return port;
  }

  /// Whether the link is up.
  public boolean linkUp() {
    return linkUp;
  }

  @Override
  public boolean isUp() {
    return linkUp && running != null;
  }

  /// Sets the link up or down and tells the driver.
  public void linkUp(boolean up) {
    linkUp = up;
    config.set(CONFIG_STATUS, 2, up ? STATUS_LINK_UP : 0);
    Running now = running;
    if (now != null) {
      now.context.configChanged();
    }
  }

  @Override
  public List<Attribute> attributes() {
    return List.of(
        Attribute.readOnly("mac", () -> MacAddress.format(mac)),
        Attribute.readOnly("mtu", () -> Integer.toString(mtu)),
        new Attribute("link", () -> linkUp ? "up" : "down", this::setLink),
        new Attribute("rate", pacer::rate, this::setRate));
  }

  private void setLink(String value) {
    switch (value) {
      case "up" -> linkUp(true);
      case "down" -> linkUp(false);
      default -> throw new IllegalArgumentException("link is up or down, not " + value);
    }
  }

  private void setRate(String value) {
    pacer.rate(value);
    Running now = running;
    if (now != null) {
      now.txLoop.wake();
    }
  }

  @Override
  public void start(DeviceContext context) {
    Running next =
        new Running(
            context,
            context.enabled(RX) ? context.queue(RX) : null,
            context.enabled(TX) ? context.queue(TX) : null,
            context.loop(RX),
            context.loop(TX),
            (context.features() & 1L << F_MRG_RXBUF) != 0);
    network.usedBy(next.rxLoop);
    network.usedBy(next.txLoop);
    running = next;
  }

  @Override
  public void stop() {
    Running last = running;
    running = null;
    if (last != null) {
      // Frames are delivered on the RX loop only: once it has run this, none is under way, and what
      // was
      // delivered before is published.
      last.rxLoop.execute(last.rxLoop.burst()::publish);
    }
  }

  @Override
  public void close() {
    network.detach(port);
    network.unreserve(mac);
    inbox.close();
  }

  @Override
  public int poll(int queue, int budget) {
    Running now = running;
    if (now == null) {
      return 0;
    }
    return queue == TX ? transmit(now, budget) : drainInbox(budget);
  }

  @Override
  public long idleNanos(int queue) {
    return queue == TX ? pacer.waitNanos() : Long.MAX_VALUE;
  }

  private int transmit(Running now, int budget) {
    VirtQueue tx = now.tx;
    if (tx == null) {
      return 0;
    }
    long time = now.txLoop.now();
    pacer.refill(time);
    int done = 0;
    while (done < budget && pacer.allows() && tx.peek(txChain)) {
      forward(time);
      tx.complete(txChain, 0);
      done++;
    }
    return done;
  }

  /// Hands the frame behind the packet header to the switch, as it lies in guest memory.
  private void forward(long time) {
    int length = txChain.readable() - HEADER;
    if (length <= 0 || !acceptsHeader(txChain)) {
      port.counters().drop(DropReason.PORT_ERROR);
      return;
    }
    if (!linkUp) {
      port.counters().drop(DropReason.LINK_DOWN);
      return;
    }
    Frame frame = txFrame;
    frame.reset();
    int skip = HEADER;
    for (int i = 0; i < txChain.readablePieces(); i++) {
      int len = txChain.length(i);
      if (len <= skip) {
        skip -= len;
      } else if (frame.add(txChain.segment(i), txChain.offset(i) + skip, len - skip)) {
        skip = 0;
      } else {
        port.counters().drop(DropReason.TOO_BIG);
        return;
      }
    }
    if (exceeds(mtu, frame)) {
      port.counters().drop(DropReason.TOO_BIG);
      return;
    }
    pacer.take(length);
    network.l2().forward(port, frame, time);
  }

  private int drainInbox(int budget) {
    return inbox.isEmpty() ? 0 : inbox.drain(budget, inboxConsumer);
  }

  private final FrameConsumer inboxConsumer =
      frame -> {
        Running now = running;
        Delivery outcome = now == null || !linkUp ? Delivery.LINK_DOWN : receive(now, frame, 2);
        port().count(outcome, frame.length());
      };

  @Override
  public Delivery deliver(Frame frame) {
    Running now = running;
    if (now == null || !linkUp) {
      return Delivery.LINK_DOWN;
    }
    if (now.rxLoop.inLoop()) {
      return receive(now, frame, 1);
    }
    // Without a queue nobody would ever drain the inbox.
    Delivery outcome = now.rx == null ? Delivery.NO_BUFFER : inbox.offer(frame);
    if (outcome == Delivery.QUEUED) {
      now.rxLoop.wake();
    }
    return outcome;
  }

  /// Copies the frame into receive buffers, which makes `copies` of it altogether; on the RX loop.
  private Delivery receive(Running now, Frame frame, int copies) {
    VirtQueue rx = now.rx;
    int length = frame.length();
    if (rx == null) {
      return Delivery.NO_BUFFER;
    }
    if (exceeds(mtu, frame)) {
      return Delivery.TOO_BIG;
    }
    Chain first = rxChains[0];
    if (!rx.peek(first)) {
      return rx.fault() == null ? Delivery.NO_BUFFER : Delivery.PORT_ERROR;
    }
    int need = HEADER + length;
    if (first.writable() < need) {
      return now.mergeable ? receiveMerged(rx, frame, copies) : Delivery.TOO_BIG;
    }
    writeHeader(first, 1);
    int piece = first.readablePieces();
    if (first.length(piece) >= need) {
      frame.copyTo(first.segment(piece), first.offset(piece) + HEADER);
    } else {
      scatter(frame, 0, first, HEADER, length);
    }
    rx.complete(first, need);
    count(rx, copies, length);
    return Delivery.DELIVERED;
  }

  /// A frame over several buffers, all of which become visible together (5.1.9.4.1).
  private Delivery receiveMerged(VirtQueue rx, Frame frame, int copies) {
    int need = HEADER + frame.length();
    int room = rxChains[0].writable();
    if (room < HEADER) {
      return Delivery.TOO_BIG;
    }
    int buffers = 1;
    while (room < need) {
      if (buffers == MAX_MERGED) {
        return Delivery.TOO_BIG;
      }
      if (!rx.peek(rxChains[buffers], buffers)) {
        return rx.fault() == null ? Delivery.NO_BUFFER : Delivery.PORT_ERROR;
      }
      // Lengths are the guest's: their sum may be any.
      room += Math.min(rxChains[buffers].writable(), need);
      buffers++;
    }
    writeHeader(rxChains[0], buffers);
    int done = 0;
    for (int i = 0; i < buffers; i++) {
      Chain chain = rxChains[i];
      int at = i == 0 ? HEADER : 0;
      int n = Math.min(chain.writable() - at, frame.length() - done);
      scatter(frame, done, chain, at, n);
      rx.complete(chain, at + n);
      done += n;
    }
    count(rx, copies, done);
    return Delivery.DELIVERED;
  }

  private static void count(VirtQueue rx, int copies, int length) {
    rx.ledger().add(Event.COPIES, copies);
    rx.ledger().add(Event.BYTES_COPIED, (long) copies * length);
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
