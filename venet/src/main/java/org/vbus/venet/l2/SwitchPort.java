package org.vbus.venet.l2;

import org.jspecify.annotations.Nullable;

/// One port of an [L2Switch], from [L2Switch#attach] until [L2Switch#detach]. Identifies the port
/// to [L2Switch#forward] and holds its counters and its tap.
public final class SwitchPort {
  private final String name;
  private final int id;
  private final int group;
  private final Port port;
  private final boolean shared;
  private final PortCounters counters;

  // Volatile: see [MO-L2-1] in L2Switch.
  private volatile boolean attached = true;
  private volatile @Nullable FrameTap tap;

  // The last source address and its slot in the MAC table; only for the one loop that owns the
  // port.
  private long lastSource;
  private int lastSlot;

  SwitchPort(String name, int id, int group, boolean shared, Port port) {
    this.name = name;
    this.id = id;
    this.group = group;
    this.shared = shared;
    this.counters = new PortCounters(shared);
    this.port = port;
  }

  /// Unique among the ports attached to the switch.
  public String name() {
    return name;
  }

  /// The isolation group, 0 for none.
  public int group() {
    return group;
  }

  /// Whether the switch still forwards to and from the port.
  public boolean isAttached() {
    return attached;
  }

  /// Whether frames can leave by this port now.
  public boolean isUp() {
    return port.isUp();
  }

  /// What crossed this port.
  public PortCounters counters() {
    return counters;
  }

  /// Sets or, with null, removes the tap. A forward already running on another loop may still call
  /// the previous one.
  public void tap(@Nullable FrameTap newTap) {
    tap = newTap;
  }

  /// Counts the outcome of delivering `bytes` to this port. The switch does so for each frame; the
  /// loop that owns the port must do so for each frame it has drained from its inbox, which the
  /// switch has seen only as [Delivery#QUEUED].
  public void count(Delivery outcome, int bytes) {
    DropReason reason = outcome.dropReason();
    if (reason != null) {
      counters.drop(reason);
    } else if (outcome == Delivery.DELIVERED) {
      counters.egress(1, bytes);
    }
  }

  int id() {
    return id;
  }

  void detached() {
    attached = false;
  }

  /// Whether frames must not pass between the two ports: they are the same one, or share a group.
  boolean isolatedFrom(SwitchPort other) {
    return this == other || (group != 0 && group == other.group);
  }

  void deliver(Frame frame) {
    Delivery outcome = port.deliver(frame);
    count(outcome, frame.length());
    FrameTap egressTap = tap;
    if (egressTap != null && outcome.accepted()) {
      egressTap.frame(Direction.EGRESS, frame);
    }
  }

  void deliver(FrameBurst frames, int from, int to) {
    int next = from;
    while (next < to) {
      int at = next;
      next += port.deliver(frames, at, to);
      if (next == at) {
        deliver(frames.frame(at));
        next++;
      } else {
        counters.egress(next - at, frames.bytes(at, next));
        show(Direction.EGRESS, frames, at, next);
      }
    }
  }

  void received(Frame frame) {
    counters.ingress(1, frame.length());
    FrameTap present = tap;
    if (present != null) {
      present.frame(Direction.INGRESS, frame);
    }
  }

  void received(FrameBurst frames) {
    int count = frames.count();
    counters.ingress(count, frames.bytes(0, count));
    show(Direction.INGRESS, frames, 0, count);
  }

  private void show(Direction direction, FrameBurst frames, int from, int to) {
    FrameTap present = tap;
    if (present != null) {
      for (int i = from; i < to; i++) {
        present.frame(direction, frames.frame(i));
      }
    }
  }

  /// Learns `source` in `table` as a station of this port, at the cost of a comparison or two if it
  /// is the one that sent last and the table has not changed.
  ///
  /// @return whether the table was searched, so may have been changed
  boolean learn(MacTable table, long source, long nowNanos) {
    if (shared) {
      int _ = table.learn(source, id, nowNanos);
      return true;
    }
    if (source == lastSource && table.refresh(lastSlot, source, id, nowNanos)) {
      return false;
    }
    int slot = table.learn(source, id, nowNanos);
    if (slot >= 0) {
      lastSource = source;
      lastSlot = slot;
    }
    return true;
  }
}
