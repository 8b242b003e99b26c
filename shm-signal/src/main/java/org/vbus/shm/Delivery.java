package org.vbus.shm;

/// What became of a push, a pop, an event or a signal, and whether its caller has to cross the
/// boundary now. Only [#INTERRUPT] costs the peer anything.
public enum Delivery {
  /// Written, and the peer may be asleep: cross the boundary (an interrupt from south, a kick from
  /// north).
  INTERRUPT,
  /// Written; the peer is looking already, or was told already.
  QUIET,
  /// Nothing written: the source is masked, or its previous event has not been taken yet. The peer
  /// finds the change when it looks.
  COALESCED,
  /// The ring had no room; the signal is kept by south and goes out with [SouthEvents#flush].
  DEFERRED,
  /// The ring has no room and nothing was kept: offer again later.
  FULL,
  /// Nothing usable: a descriptor or index that contradicts the caller's own position, or a handle
  /// out of range.
  REFUSED
}
