package org.vbus.venet.l2;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// What crossed one switch port.
///
/// The rule of the writers: ingress counters are written by the one loop that owns the port, which
/// is the one that calls [L2Switch#forward] for it; egress counters by that same loop, because
/// nobody else may report [Delivery#DELIVERED]. A single writer adds with an opaque load and an
/// opaque store, which cost what plain ones do; nothing is lost because nobody else writes. The
/// counters of a port that several loops own together are added to atomically. Drops are counted by
/// any loop that had to drop, with an atomic add. Anybody may read at any time; the counters of one
/// [Snapshot] are each exact but not taken at the same instant.
public final class PortCounters {
  private static final int INGRESS_FRAMES = 0;
  private static final int INGRESS_BYTES = 1;
  private static final int BROADCAST = 2;
  private static final int MULTICAST = 3;
  private static final int FLOODED = 4;
  private static final int EGRESS_FRAMES = 5;
  private static final int EGRESS_BYTES = 6;
  private static final int COUNTERS = 7;

  private final AtomicLongArray owned = new AtomicLongArray(COUNTERS);
  private final EnumMap<DropReason, AtomicLong> drops = new EnumMap<>(DropReason.class);

  private final boolean shared;

  PortCounters(boolean shared) {
    this.shared = shared;
    for (DropReason reason : DropReason.values()) {
      drops.put(reason, new AtomicLong());
    }
  }

  /// The counters of a port at some moment.
  ///
  /// @param ingressFrames frames that came in, dropped ones included
  /// @param ingressBytes their bytes, without preamble and frame check sequence
  /// @param egressFrames frames that the station received
  /// @param egressBytes their bytes
  /// @param broadcast frames that came in for every station
  /// @param multicast frames that came in for another group
  /// @param flooded frames that came in for one station whose port was not known
  /// @param drops frames dropped, without the reasons that never occurred
  public record Snapshot(
      long ingressFrames,
      long ingressBytes,
      long egressFrames,
      long egressBytes,
      long broadcast,
      long multicast,
      long flooded,
      Map<DropReason, Long> drops) {}

  /// The counters now; for display.
  public Snapshot snapshot() {
    Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
    drops.forEach((reason, counter) -> {
      long count = counter.getOpaque();
      if (count != 0) {
        dropped.put(reason, count);
      }
    });
    return new Snapshot(
        owned.getOpaque(INGRESS_FRAMES),
        owned.getOpaque(INGRESS_BYTES),
        owned.getOpaque(EGRESS_FRAMES),
        owned.getOpaque(EGRESS_BYTES),
        owned.getOpaque(BROADCAST),
        owned.getOpaque(MULTICAST),
        owned.getOpaque(FLOODED),
        Collections.unmodifiableMap(dropped));
  }

  /// Frames dropped for one reason.
  public long drops(DropReason reason) {
    return counterOf(reason).getOpaque();
  }

  void ingress(int frames, long bytes) {
    add(INGRESS_FRAMES, frames);
    add(INGRESS_BYTES, bytes);
  }

  void egress(int frames, long bytes) {
    add(EGRESS_FRAMES, frames);
    add(EGRESS_BYTES, bytes);
  }

  void group(long destination) {
    add(destination == MacAddress.BROADCAST ? BROADCAST : MULTICAST, 1);
  }

  void flooded() {
    add(FLOODED, 1);
  }

  /// Counts a frame that was dropped; any loop.
  public void drop(DropReason reason) {
    drop(reason, 1);
  }

  void drop(DropReason reason, int frames) {
    counterOf(reason).getAndAdd(frames);
  }

  private AtomicLong counterOf(DropReason reason) {
    return Objects.requireNonNull(drops.get(reason));
  }

  private void add(int counter, long by) {
    if (shared) {
      owned.getAndAdd(counter, by);
      return;
    }
    owned.setOpaque(counter, owned.getOpaque(counter) + by);
  }
}
