package org.vbus.venet.l2;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A learning Ethernet switch: the forwarding, filtering and learning of an IEEE 802.1Q bridge (8.6
/// to 8.8) without VLAN awareness and without a spanning tree; tags pass untouched.
///
/// A frame for a known station goes to its port, any other to all ports; never back to the port it
/// came from, and never to another port of the same isolation group. Frames to the reserved group
/// addresses stay on their link.
///
/// Threads: [#forward] runs on the poll loop that owns the ingress port, for several ports at a
/// time. Attaching, detaching and display run on control threads. The ports are an immutable
/// snapshot that forwarding reads once per burst, so a forward that was running when [#detach]
/// returned may still deliver one burst to the detached port: let every loop that forwards take
/// note (by running an empty command), then release what the port uses.
public final class L2Switch {
  /// Addresses that a switch remembers unless told otherwise.
  public static final int DEFAULT_MAC_CAPACITY = 8192;

  /// How long a silent station is remembered unless told otherwise (IEEE 802.1Q, table 8-6).
  public static final Duration DEFAULT_AGEING = Duration.ofMinutes(5);

  private final String name;
  private final MacTable table;

  // [MO-L2-4] VOLATILE ports. Writer: attach and detach, on control threads. Reader: forward.
  // Orders: the snapshot's arrays and the SwitchPort in them before the reference to them.
  private volatile Ports ports = new Ports(new SwitchPort[0], new SwitchPort[1]);

  /// A station and where it was last heard.
  public record Station(String mac, String port, Duration age) {}

  /// The attached ports: all of them to flood, and by the number that the MAC table holds.
  private static final class Ports {
    private final SwitchPort[] attached;
    private final @Nullable SwitchPort[] byId;

    Ports(SwitchPort[] attached, @Nullable SwitchPort[] byId) {
      this.attached = attached;
      this.byId = byId;
    }
  }

  /// A switch of [#DEFAULT_MAC_CAPACITY] and [#DEFAULT_AGEING].
  public L2Switch(String name) {
    this(name, DEFAULT_MAC_CAPACITY, DEFAULT_AGEING);
  }

  /// A switch without ports.
  ///
  /// @param name for messages
  /// @param macCapacity see [MacTable#capacity]
  /// @param ageing how long a silent station is remembered
  public L2Switch(String name, int macCapacity, Duration ageing) {
    this.name = name;
    this.table = new MacTable(macCapacity, ageing);
  }

  /// Forwards one frame that came in on `ingress`; returns when every port that gets it has it or
  /// has refused it. Called on the loop that owns the ingress port, or one of those that share it.
  ///
  /// @param frame valid during the call; not changed
  /// @param nowNanos [System#nanoTime], read once per burst
  public void forward(SwitchPort ingress, Frame frame, long nowNanos) {
    Ports snapshot = ports;
    ingress.received(frame);
    if (frame.length() < Frame.HEADER_LENGTH) {
      ingress.counters().drop(DropReason.TOO_SHORT);
    } else if (admit(ingress, frame.source(), nowNanos)) {
      SwitchPort egress = station(snapshot, frame.destination(), nowNanos);
      if (egress == null) {
        forwardToMany(snapshot, ingress, frame);
      } else if (mayPass(ingress, egress, 1)) {
        egress.deliver(frame);
      }
    }
  }

  /// Forwards frames in their order, as [#forward(SwitchPort, Frame, long)] does each of them, but
  /// together those that follow each other to the same port.
  public void forward(SwitchPort ingress, FrameBurst frames, long nowNanos) {
    Ports snapshot = ports;
    ingress.received(frames);
    // Frames from `first` on go to `egress`; the last of them was from `source` to `destination`.
    @Nullable SwitchPort egress = null;
    long source = 0;
    long destination = 0;
    int first = 0;
    int count = frames.count();
    for (int i = 0; i < count; i++) {
      if (egress != null && frames.destination(i) == destination && frames.source(i) == source) {
        continue;
      }
      source = frames.source(i);
      destination = frames.destination(i);
      boolean admitted = admit(ingress, source, nowNanos);
      SwitchPort next = admitted ? station(snapshot, destination, nowNanos) : null;
      if (next != egress) {
        forward(ingress, egress, frames, first, i);
        egress = next;
        first = i;
      }
      if (next == null && admitted) {
        forwardToMany(snapshot, ingress, frames.frame(i));
      }
    }
    forward(ingress, egress, frames, first, count);
  }

  private static void forward(
      SwitchPort ingress, @Nullable SwitchPort egress, FrameBurst frames, int from, int to) {
    if (egress != null && mayPass(ingress, egress, to - from)) {
      egress.deliver(frames, from, to);
    }
  }

  /// Whether a frame from that station may be forwarded at all; learns where it is.
  private boolean admit(SwitchPort ingress, long source, long nowNanos) {
    if (!ingress.isAttached()) {
      return drop(ingress, DropReason.DETACHED, 1);
    }
    if (source == 0 || MacAddress.isMulticast(source)) {
      return drop(ingress, DropReason.BAD_SOURCE, 1);
    }
    if (ingress.learn(table, source, nowNanos)) {
      forgetIfDetached(ingress, source);
    }
    return true;
  }

  /// The port of the only station that gets frames to `destination`, null for groups and stations
  /// that are not known.
  private @Nullable SwitchPort station(Ports snapshot, long destination, long nowNanos) {
    if (MacAddress.isMulticast(destination)) {
      return null;
    }
    int id = table.lookup(destination, nowNanos);
    @Nullable SwitchPort[] byId = snapshot.byId;
    return id < byId.length ? byId[id] : null;
  }

  /// Whether frames may go from one port to the other; counts them when not.
  private static boolean mayPass(SwitchPort ingress, SwitchPort egress, int frames) {
    return !ingress.isolatedFrom(egress)
        || drop(ingress, egress == ingress ? DropReason.SAME_PORT : DropReason.ISOLATED, frames);
  }

  private static boolean drop(SwitchPort ingress, DropReason why, int frames) {
    ingress.counters().drop(why, frames);
    return false;
  }

  /// Adds a port of no isolation group.
  public SwitchPort attach(String portName, Port port) {
    return attach(portName, port, 0);
  }

  /// Adds a port that one loop owns.
  public SwitchPort attach(String portName, Port port, int group) {
    return attach(portName, port, group, false);
  }

  /// Adds a port. Frames may be delivered to it before this returns.
  ///
  /// @param portName unique on this switch
  /// @param group ports of the same group do not reach each other; 0 for none
  /// @param shared whether several loops forward for the port, or report what was delivered to it
  /// @throws IllegalArgumentException if the name is taken
  /// @throws IllegalStateException if the switch has 65535 ports
  public synchronized SwitchPort attach(String portName, Port port, int group, boolean shared) {
    SwitchPort[] before = ports.attached;
    for (SwitchPort other : before) {
      if (other.name().equals(portName)) {
        throw new IllegalArgumentException(
            "switch " + name + ": port \"" + portName + "\" is already attached");
      }
    }
    int id = freeId(ports.byId);
    SwitchPort added = new SwitchPort(portName, id, group, shared, port);
    SwitchPort[] attached = Arrays.copyOf(before, before.length + 1);
    attached[before.length] = added;
    ports = snapshotOf(attached);
    return added;
  }

  /// Removes a port and forgets its stations; nothing happens if that was done before. See the
  /// class comment for when the port's resources may be released.
  public synchronized void detach(SwitchPort port) {
    List<SwitchPort> remaining = new ArrayList<>(List.of(ports.attached));
    if (!remaining.remove(port)) {
      return;
    }
    // [MO-L2-1] VOLATILE attached = false, then the entries are searched. Partner: MO-L2-5.
    // Orders: either the search sees an entry that a running forward has just made, or that
    // forward sees that its port is detached and removes the entry itself.
    port.detached();
    ports = snapshotOf(remaining.toArray(SwitchPort[]::new));
    table.removePort(port.id());
  }

  /// Frees the table's expired entries; to be called every few seconds on a control thread.
  ///
  /// @param nowNanos the clock of [#forward]
  /// @return how many were freed
  public int sweep(long nowNanos) {
    return table.sweep(nowNanos);
  }

  /// For messages.
  public String name() {
    return name;
  }

  /// The attached ports, in the order of attaching.
  public List<SwitchPort> ports() {
    return List.of(ports.attached);
  }

  /// The filtering database, for its counters.
  public MacTable table() {
    return table;
  }

  /// The stations known now, in no order; for display.
  public List<Station> stations(long nowNanos) {
    List<Station> stations = new ArrayList<>();
    @Nullable SwitchPort[] byId = ports.byId;
    table.forEach(
        nowNanos,
        (mac, id, age) -> {
          SwitchPort port = id < byId.length ? byId[id] : null;
          if (port != null) {
            stations.add(new Station(MacAddress.format(mac), port.name(), age));
          }
        });
    return stations;
  }

  /// A frame for a group, or for a station that is not known.
  private static void forwardToMany(Ports snapshot, SwitchPort ingress, Frame frame) {
    long destination = frame.destination();
    if (!MacAddress.isMulticast(destination)) {
      ingress.counters().flooded();
    } else {
      ingress.counters().group(destination);
      if (MacAddress.isReservedGroup(destination)) {
        ingress.counters().drop(DropReason.RESERVED_ADDRESS);
        return;
      }
    }
    flood(snapshot, ingress, frame);
  }

  private static void flood(Ports snapshot, SwitchPort ingress, Frame frame) {
    for (SwitchPort egress : snapshot.attached) {
      if (!ingress.isolatedFrom(egress)) {
        egress.deliver(frame);
      }
    }
  }

  private void forgetIfDetached(SwitchPort ingress, long source) {
    // [MO-L2-5] VOLATILE load of attached after the entry was made (a compare-and-set).
    // Partner: MO-L2-1. Orders: the entry before the load. Without it an entry could outlive its
    // port and lead to the next port of the same number.
    if (!ingress.isAttached()) {
      table.remove(source, ingress.id());
    }
  }

  private int freeId(@Nullable SwitchPort[] byId) {
    for (int id = 1; id < byId.length; id++) {
      if (byId[id] == null) {
        return id;
      }
    }
    if (byId.length > MacTable.MAX_PORT) {
      throw new IllegalStateException(
          "switch " + name + ": all " + MacTable.MAX_PORT + " ports are in use");
    }
    return byId.length;
  }

  private static Ports snapshotOf(SwitchPort[] attached) {
    int last = MacTable.NO_PORT;
    for (SwitchPort port : attached) {
      last = Math.max(last, port.id());
    }
    @Nullable SwitchPort[] byId = new @Nullable SwitchPort[last + 1];
    for (SwitchPort port : attached) {
      byId[port.id()] = port;
    }
    return new Ports(attached, byId);
  }
}
