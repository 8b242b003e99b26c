package org.vbus.bench.station;

import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Range;

/// A card with a station behind it.
///
/// @param does what the station does with its network
/// @param length bytes of the frames that it sends of its own accord
/// @param mtu largest payload of a frame
/// @param queues pairs of queues of the card
public record StationConfig(
    @Default("discard") @Doc("what the station behind the card does") Does does,
    @Default("64") @Range(min = 60, max = 1518) @Doc("bytes of the frames it generates") int length,
    @Default("1504") @Range(min = 68, max = 65517) @Doc("largest payload of a frame") int mtu,
    @Default("1") @Range(min = 1, max = 128) @Doc("pairs of queues") int queues) {

  /// What a station does.
  public enum Does {
    /// Takes every frame, and sends none.
    DISCARD,
    /// Sends as fast as the guest takes frames.
    GENERATE,
    /// Sends every frame back, after a copy, with its addresses exchanged.
    REFLECT
  }
}
