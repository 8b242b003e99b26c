package org.vbus.venet;

/// What decides over a frame for the driver, all of which commands may change. Immutable, so that
/// every loop that delivers sees either all of a change or nothing.
///
/// @param pairs pairs of queues in use
/// @param accepts bits of [org.vbus.venet.l2.Offload] that the driver accepts
/// @param filter frames that it wants
record ReceiveRules(int pairs, int accepts, ReceiveFilter filter) {
  /// Before there is a driver.
  static final ReceiveRules NONE = new ReceiveRules(1, 0, ReceiveFilter.EVERYTHING);

  ReceiveRules withPairs(int value) {
    return new ReceiveRules(value, accepts, filter);
  }

  ReceiveRules withAccepts(int value) {
    return new ReceiveRules(pairs, value, filter);
  }

  ReceiveRules withFilter(ReceiveFilter value) {
    return new ReceiveRules(pairs, accepts, value);
  }
}
