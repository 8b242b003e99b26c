package org.vbus.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One comparison with a peer.
///
/// @param mode which way frames go
/// @param size of frames
/// @param ring format
/// @param mergeable whether receive buffers are merged
/// @param queues pairs of queues per port
/// @param peer with whom
/// @param verified frames of ours whose every byte was compared
/// @param pairs those that count
/// @param discarded why others do not, one text each
public record PeerRow(
    String mode,
    String size,
    String ring,
    boolean mergeable,
    int queues,
    String peer,
    int verified,
    List<PeerPair> pairs,
    List<String> discarded) {
  /// Copies the lists.
  public PeerRow {
    pairs = List.copyOf(pairs);
    discarded = List.copyOf(discarded);
  }

  /// What the pairs of one distance come to.
  ///
  /// @param distance of the two processors
  /// @param pairs how many
  /// @param ours million frames per second
  /// @param theirs the peer's
  /// @param ratio ours over theirs, pair by pair
  public record Group(String distance, int pairs, Spread ours, Spread theirs, Spread ratio) {}

  /// The pairs by distance: those of different distances say nothing about each other.
  public List<Group> groups() {
    Map<String, List<PeerPair>> byDistance = new LinkedHashMap<>();
    for (PeerPair pair : pairs) {
      byDistance.computeIfAbsent(pair.distance(), _ -> new ArrayList<>()).add(pair);
    }
    return byDistance.entrySet().stream()
        .map(entry -> group(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static Group group(String distance, List<PeerPair> pairs) {
    return new Group(
        distance,
        pairs.size(),
        Spread.of(pairs.stream().map(PeerPair::oursMpps).toList()),
        Spread.of(pairs.stream().map(PeerPair::theirsMpps).toList()),
        Spread.of(pairs.stream().map(PeerPair::ratio).toList()));
  }
}
