package org.vbus.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What is to be compared: lists whose combinations are the scenarios.
///
/// @param packed ring formats, whether packed
/// @param mergeable whether receive buffers may be merged
/// @param queues pairs of queues per port
public record Plan(
    List<Mode> modes,
    List<FrameSize> sizes,
    List<Boolean> packed,
    List<Boolean> mergeable,
    List<Integer> queues,
    List<Peer> peers) {

  /// Copies the lists and checks them.
  ///
  /// @throws IllegalArgumentException naming the value
  public Plan {
    modes = List.copyOf(modes);
    sizes = List.copyOf(sizes);
    packed = List.copyOf(packed);
    mergeable = List.copyOf(mergeable);
    queues = List.copyOf(queues);
    peers = List.copyOf(peers);
    for (int n : queues) {
      if (n < 1 || n > 2) {
        throw new IllegalArgumentException("queues are 1 or 2: " + n);
      }
    }
  }

  /// All modes, sizes and ring formats, receive buffers merged, one pair of queues.
  public static Plan standard() {
    return new Plan(
        List.of(Mode.values()),
        List.of(FrameSize.values()),
        List.of(false, true),
        List.of(true),
        List.of(1),
        List.of(Peer.values()));
  }

  /// Both closed loops, shortest and longest frames.
  public static Plan quick() {
    Plan all = standard();
    return new Plan(
        List.of(Mode.IO, Mode.GUESTS),
        List.of(FrameSize.B64, FrameSize.B1518),
        all.packed,
        all.mergeable,
        all.queues,
        all.peers);
  }

  /// Besides the standard plan: shortest and longest frames without merged buffers, and with two
  /// pairs of queues.
  public static List<Scenario> full() {
    Plan all = standard();
    List<FrameSize> ends = List.of(FrameSize.B64, FrameSize.B1518);
    Plan unmerged = new Plan(all.modes, ends, all.packed, List.of(false), all.queues, all.peers);
    Plan two = new Plan(all.modes, ends, all.packed, all.mergeable, List.of(2), all.peers);
    List<Scenario> scenarios = new ArrayList<>(all.scenarios());
    scenarios.addAll(unmerged.scenarios());
    scenarios.addAll(two.scenarios());
    return scenarios;
  }

  /// The combinations that make sense, those that share much next to each other.
  public List<Scenario> scenarios() {
    return combinations().stream().filter(scenario -> scenario.impossible() == null).toList();
  }

  /// Why combinations are left out, each reason once.
  public Set<String> leftOut() {
    Set<String> reasons = new LinkedHashSet<>();
    for (Scenario scenario : combinations()) {
      String reason = scenario.impossible();
      if (reason != null) {
        reasons.add(reason);
      }
    }
    return reasons;
  }

  private List<Scenario> combinations() {
    List<Scenario> all = new ArrayList<>();
    for (Mode mode : modes) {
      for (int pairs : queues) {
        for (boolean merged : mergeable) {
          for (boolean format : packed) {
            for (FrameSize size : sizes) {
              for (Peer peer : peers) {
                all.add(new Scenario(mode, size, format, merged, pairs, peer));
              }
            }
          }
        }
      }
    }
    return all;
  }
}
