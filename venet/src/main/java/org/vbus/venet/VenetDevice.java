package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.Attribute;
import org.vbus.core.device.ConfigSpace;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.HasAttributes;
import org.vbus.core.device.HasConfig;
import org.vbus.core.device.NetworkLink;
import org.vbus.core.device.Paced;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;
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
/// Offers MAC, STATUS, MTU, MRG_RXBUF, a control queue with receive filters, announcements and
/// moderated notifications; if wanted, checksum and segmentation offloads in both directions and
/// several pairs of queues. Frames that find no receive buffer are dropped and counted, never
/// waited for. The transmit queues may be paced: above the rate they are simply not consumed.
public final class VenetDevice
    implements DeviceModel, HasConfig, HasAttributes, Paced, Port, NetworkLink {
  private static final int QUEUE_SIZE = 1024;
  private static final int CONTROL_SIZE = 64;
  private static final long FEATURES =
      1L << F_MTU | 1L << F_MAC | 1L << F_MRG_RXBUF | 1L << F_STATUS | CONTROL;

  private final VenetSwitch network;
  private final SwitchPort port;
  private final long configuredMac;
  private final VenetOptions options;
  private final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
  private final DeviceSpec spec;
  private final Pacer pacer = new Pacer();
  private final DriverSettings settings = new DriverSettings();
  private final Steering steering = new Steering();

  /// Queues that have their moderation, by index.
  private final @Nullable VirtQueue[] known;

  private volatile long mac;
  private volatile int mtu;
  private volatile boolean linkUp = true;
  private volatile boolean announcing;
  private volatile @Nullable VenetQueues running;

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
    this.configuredMac = mac;
    this.mac = mac;
    this.mtu = options.mtu();
    this.options = options;
    this.spec = specOf(options);
    this.known = new @Nullable VirtQueue[spec.queues().size()];
    writeMac();
    writeStatus();
    config.set(CONFIG_PAIRS, 2, options.queues());
    config.set(CONFIG_MTU, 2, mtu);
    network.reserve(mac, name);
    try {
      this.port = network.attach(name, this, options.group(), options.queues() > 1);
    } catch (IllegalArgumentException e) {
      network.unreserve(mac);
      throw e;
    }
  }

  private static DeviceSpec specOf(VenetOptions options) {
    List<QueueSpec> queues = new ArrayList<>();
    for (int pair = 0; pair < options.queues(); pair++) {
      queues.add(new QueueSpec("rx" + pair, QUEUE_SIZE, false));
      queues.add(new QueueSpec("tx" + pair, QUEUE_SIZE, true));
    }
    queues.add(new QueueSpec("ctrl", CONTROL_SIZE, true));
    long features =
        FEATURES | (options.offloads() ? OFFLOADS : 0) | (options.queues() > 1 ? 1L << F_MQ : 0);
    return new DeviceSpec(DEVICE_ID, "virtio-net", queues, features);
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
    writeStatus();
    tellDriver();
  }

  private void tellDriver() {
    VenetQueues now = running;
    if (now != null) {
      now.context().configChanged();
    }
  }

  private synchronized void writeStatus() {
    config.set(
        CONFIG_STATUS, 2, (linkUp ? STATUS_LINK_UP : 0) | (announcing ? STATUS_ANNOUNCE : 0));
  }

  private void writeMac() {
    config.set(CONFIG_MAC, 6, Long.reverseBytes(mac << 16));
  }

  @Override
  public List<Attribute> attributes() {
    return List.of(
        Attribute.readOnly("mac", () -> MacAddress.format(mac)),
        new Attribute("mtu", () -> Integer.toString(mtu), this::setMtu),
        new Attribute("link", () -> linkUp ? "up" : "down", this::setLink),
        new Attribute("rate", pacer::rate, this::setRate),
        new Attribute("announce", () -> announcing ? "pending" : "no", this::setAnnounce));
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
    VenetQueues now = running;
    if (now != null) {
      now.wakeTransmitters();
    }
  }

  private void setMtu(String value) {
    int wanted;
    try {
      wanted = Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw wrongMtu(value);
    }
    if (wanted < LEAST_MTU || wanted > MOST_MTU) {
      throw wrongMtu(value);
    }
    if (!mtu(wanted)) {
      throw new IllegalArgumentException(
          "mtu stays " + mtu + " while a driver uses it (virtio 5.1.4.1); unplug or reset first");
    }
  }

  /// Possible while no driver uses the device: it must not change under one that has read it
  /// (5.1.4.1).
  @Override
  public synchronized boolean mtu(int value) {
    if (value < LEAST_MTU || value > MOST_MTU || (value != mtu && !settings.fresh())) {
      return false;
    }
    mtu = value;
    config.set(CONFIG_MTU, 2, value);
    return true;
  }

  private void setAnnounce(String value) {
    if (!value.equals("now")) {
      throw new IllegalArgumentException("announce takes now, not " + value);
    }
    announce();
  }

  /// Tells the network that the station is here now: the driver does so, if it can (5.1.9.5.4),
  /// because it knows its VLANs and addresses; otherwise this device sends a reverse ARP request.
  public void announce() {
    VenetQueues now = running;
    if (now == null) {
      return;
    }
    long features = now.context().features();
    if (has(features, F_CTRL_VQ) && has(features, F_GUEST_ANNOUNCE) && has(features, F_STATUS)) {
      announcing = true;
      writeStatus();
      tellDriver();
    } else {
      boolean _ = announce(mac);
    }
  }

  /// The driver has announced itself.
  void announced() {
    announcing = false;
    writeStatus();
  }

  /// Whoever carries the device may have given its guest another address than the configured one,
  /// so any station will do.
  @Override
  public boolean announce(long station) {
    VenetQueues now = running;
    if (now == null || !linkUp || station == 0 || MacAddress.isMulticast(station)) {
      return false;
    }
    PollLoop loop = now.context().loop(TX);
    loop.execute(() -> network.l2().forward(port, Announcement.of(station), loop.now()));
    return true;
  }

  /// The driver has chosen another address (5.1.9.5.2).
  void driverMac(long address) {
    mac = address;
    writeMac();
  }

  @Override
  public boolean kicks(int queue) {
    VenetQueues now = running;
    return now == null
        ? spec.queues().get(queue).kicks()
        : (queue & 1) == TX || queue == VenetQueues.controlIndex(now.pairs());
  }

  @Override
  public synchronized void start(DeviceContext context) {
    long features = context.features();
    boolean commands = has(features, F_CTRL_VQ);
    boolean multi = options.queues() > 1 && has(features, F_MQ);
    VenetQueues next = new VenetQueues(context, settings, steering, multi ? options.queues() : 1);
    if (settings.fresh()) {
      // Without a control queue nobody will say how many: a front-end keeps that queue for itself
      // and enables and disables pairs as its guest commands.
      settings.rules(
          new ReceiveRules(
              multi && !commands ? next.pairs() : 1,
              guestOffloads(features),
              ReceiveFilter.initial(
                  mac,
                  commands && has(features, F_CTRL_RX),
                  commands && has(features, F_CTRL_VLAN))));
    }
    int control = VenetQueues.controlIndex(next.pairs());
    PollLoop controlLoop = commands && context.enabled(control) ? context.loop(control) : null;
    for (int pair = 0; pair < next.pairs(); pair++) {
      int rx = 2 * pair + RX;
      int tx = 2 * pair + TX;
      network.usedBy(context.loop(rx));
      network.usedBy(context.loop(tx));
      if (context.enabled(rx)) {
        next.receive(pair, receiveQueue(context, pair, controlLoop));
        moderate(context.queue(rx), false);
      }
      if (context.enabled(tx)) {
        next.transmit(pair, transmitQueue(context, pair));
        moderate(context.queue(tx), true);
      }
    }
    if (controlLoop != null) {
      next.control(new ControlQueue(context.queue(control), this, settings, features, next));
    }
    running = next;
  }

  private static boolean has(long features, int bit) {
    return (features & 1L << bit) != 0;
  }

  /// A queue that was reset gets the limits of its direction again (5.1.9.5.10.6).
  private void moderate(VirtQueue queue, boolean tx) {
    if (known[queue.index()] != queue) {
      known[queue.index()] = queue;
      settings.applyTo(queue, tx);
    }
  }

  private ReceiveQueue receiveQueue(
      DeviceContext context, int pair, @Nullable PollLoop controlLoop) {
    return new ReceiveQueue(
        context.queue(2 * pair + RX),
        context.loop(2 * pair + RX),
        port,
        mtu,
        has(context.features(), F_MRG_RXBUF),
        pair,
        settings,
        controlLoop);
  }

  private TransmitQueue transmitQueue(DeviceContext context, int pair) {
    return new TransmitQueue(
        context.queue(2 * pair + TX),
        port,
        network.l2(),
        pacer,
        mtu,
        hostOffloads(context.features()),
        pair,
        settings,
        steering);
  }

  @Override
  public void stop() {
    VenetQueues last = running;
    running = null;
    if (last != null) {
      last.close();
    }
  }

  @Override
  public void reset() {
    settings.reset();
    steering.clear();
    Arrays.fill(known, null);
    announcing = false;
    mac = configuredMac;
    writeMac();
    writeStatus();
  }

  @Override
  public void close() {
    network.detach(port);
    network.unreserve(configuredMac);
  }

  @Override
  public int poll(int queue, int budget) {
    VenetQueues now = running;
    return now == null ? 0 : now.poll(queue, budget, linkUp);
  }

  @Override
  public long idleNanos(int queue) {
    return (queue & 1) == TX ? pacer.waitNanos() : Long.MAX_VALUE;
  }

  @Override
  public Delivery deliver(Frame frame) {
    VenetQueues now = running;
    return now == null || !linkUp ? Delivery.LINK_DOWN : now.deliver(frame);
  }

  @Override
  public int deliver(FrameBurst frames, int from, int to) {
    VenetQueues now = running;
    return now == null || !linkUp ? 0 : now.deliver(frames, from, to);
  }
}
