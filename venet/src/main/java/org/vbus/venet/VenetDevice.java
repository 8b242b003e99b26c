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
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.MacAddress;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// The virtio network device (5.1) as a port of an L2 switch.
///
/// ```
///   guest TX queue --poll--> TransmitQueue: Frame over guest memory --> L2Switch.forward
///   L2Switch --deliver--> ReceiveQueue --> guest RX queue: one copy, guest to guest
/// ```
///
/// Offers MAC, STATUS, MTU, MRG_RXBUF and, if wanted, checksum and segmentation offloads in both
/// directions. Frames that find no receive buffer are dropped and counted, never waited for. The
/// transmit queue may be paced: above the rate it is simply not consumed.
public final class VenetDevice implements DeviceModel, HasConfig, HasAttributes, Paced, Port {
  private static final int QUEUE_SIZE = 1024;
  private static final long FEATURES =
      1L << F_MTU | 1L << F_MAC | 1L << F_MRG_RXBUF | 1L << F_STATUS;

  private final VenetSwitch network;
  private final SwitchPort port;
  private final long mac;
  private final VenetOptions options;
  private final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
  private final DeviceSpec spec;
  private final Pacer pacer = new Pacer();
  private volatile boolean linkUp = true;
  private volatile @Nullable Running running;

  /// What there is between start and stop.
  private record Running(
      DeviceContext context,
      @Nullable ReceiveQueue rx,
      @Nullable TransmitQueue tx,
      PollLoop rxLoop,
      PollLoop txLoop) {}

  /// A device of standard options, but for these.
  public VenetDevice(String name, VenetSwitch network, long mac, int mtu, int group) {
    this(name, network, mac, VenetOptions.standard().withMtu(mtu).withGroup(group));
  }

  /// A device with address `mac` as port `name` of a switch, link up.
  ///
  /// @throws IllegalArgumentException when the name or the address is taken on that switch, or the
  ///   address or the MTU cannot be
  public VenetDevice(String name, VenetSwitch network, long mac, VenetOptions options) {
    checkConfig(mac, options.mtu());
    this.network = network;
    this.mac = mac;
    this.options = options;
    this.spec =
        new DeviceSpec(
            DEVICE_ID,
            "virtio-net",
            List.of(new QueueSpec("rx", QUEUE_SIZE, false), new QueueSpec("tx", QUEUE_SIZE, true)),
            FEATURES | (options.offloads() ? OFFLOADS : 0));
    for (int i = 0; i < 6; i++) {
      config.set(CONFIG_MAC + i, 1, mac >>> (40 - 8 * i));
    }
    config.set(CONFIG_STATUS, 2, STATUS_LINK_UP);
    config.set(CONFIG_MTU, 2, options.mtu());
    network.reserve(mac, name);
    try {
      this.port = network.attach(name, this, options.group());
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
        Attribute.readOnly("mtu", () -> Integer.toString(options.mtu())),
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
            context.enabled(RX) ? receiveQueue(context) : null,
            context.enabled(TX) ? transmitQueue(context) : null,
            context.loop(RX),
            context.loop(TX));
    network.usedBy(next.rxLoop);
    network.usedBy(next.txLoop);
    running = next;
  }

  private ReceiveQueue receiveQueue(DeviceContext context) {
    long features = context.features();
    return new ReceiveQueue(
        context.queue(RX),
        context.loop(RX),
        port,
        options.mtu(),
        (features & 1L << F_MRG_RXBUF) != 0,
        guestOffloads(features));
  }

  private TransmitQueue transmitQueue(DeviceContext context) {
    return new TransmitQueue(
        context.queue(TX),
        port,
        network.l2(),
        pacer,
        options.mtu(),
        hostOffloads(context.features()));
  }

  @Override
  public void stop() {
    Running last = running;
    running = null;
    if (last != null && last.rx != null) {
      // Frames are delivered on the RX loop only: once it has run this, none is under way, and what
      // was delivered before is published.
      last.rxLoop.execute(last.rx::close);
    }
  }

  @Override
  public void close() {
    network.detach(port);
    network.unreserve(mac);
  }

  @Override
  public int poll(int queue, int budget) {
    Running now = running;
    if (now == null) {
      return 0;
    }
    if (queue == TX) {
      return now.tx == null ? 0 : now.tx.poll(budget, now.txLoop.now(), linkUp);
    }
    return now.rx == null ? 0 : now.rx.poll(budget, linkUp);
  }

  @Override
  public long idleNanos(int queue) {
    return queue == TX ? pacer.waitNanos() : Long.MAX_VALUE;
  }

  @Override
  public Delivery deliver(Frame frame) {
    Running now = running;
    if (now == null || !linkUp) {
      return Delivery.LINK_DOWN;
    }
    return now.rx == null ? Delivery.NO_BUFFER : now.rx.deliver(frame);
  }
}
