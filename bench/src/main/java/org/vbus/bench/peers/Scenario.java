package org.vbus.bench.peers;

import org.jspecify.annotations.Nullable;

/// One comparison: everything that is the same on both sides, and who is on the other.
///
/// @param packed whether rings are packed
/// @param mergeable whether receive buffers may be merged
/// @param queues pairs of queues per port
public record Scenario(
    Mode mode, FrameSize size, boolean packed, boolean mergeable, int queues, Peer peer) {

  /// Why there is no such comparison, or null.
  @Nullable String impossible() {
    if (peer == Peer.OVS && mode != Mode.GUESTS) {
      return "ovs is a switch: it is compared in mode guests only";
    }
    if (size == FrameSize.IMIX && !mode.isClosedLoop()) {
      return mode.text() + " has no imix: the generator of testpmd sends one length";
    }
    return null;
  }

  /// The ring format, as in reports.
  String ring() {
    return packed ? "packed" : "split";
  }

  /// On one line.
  public String text() {
    return "%s %s %s, mergeable %s, %d %s, against %s"
        .formatted(
            mode.text(),
            size.text(),
            ring(),
            mergeable ? "on" : "off",
            queues,
            queues == 1 ? "queue" : "queues",
            peer.text());
  }
}
