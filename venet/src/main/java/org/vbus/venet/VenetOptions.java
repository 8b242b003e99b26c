package org.vbus.venet;

/// What a network device can be made with.
///
/// @param mtu largest payload of a frame, 68 to 65535; 1280 at least is wise (5.1.4.1)
/// @param group ports of one group do not reach each other, 0 for none
/// @param offloads whether to offer checksum and segmentation offloads
/// @param queues pairs of receive and transmit queues, 1 to [#MOST_QUEUES]
public record VenetOptions(int mtu, int group, boolean offloads, int queues) {
  /// Most pairs of queues: more than any guest has processors for.
  public static final int MOST_QUEUES = 128;

  /// Checks the number of queues; the MTU is checked with the rest of the configuration space.
  public VenetOptions {
    if (queues < 1 || queues > MOST_QUEUES) {
      throw new IllegalArgumentException(
          "queues is from 1 to " + MOST_QUEUES + " pairs, not " + queues);
    }
  }

  /// An MTU of 1500, no group, offloads, one pair of queues.
  public static VenetOptions standard() {
    return new VenetOptions(1500, 0, true, 1);
  }

  /// The same with this MTU.
  public VenetOptions withMtu(int value) {
    return new VenetOptions(value, group, offloads, queues);
  }

  /// The same in this group.
  public VenetOptions withGroup(int value) {
    return new VenetOptions(mtu, value, offloads, queues);
  }

  /// The same with or without offloads.
  public VenetOptions withOffloads(boolean value) {
    return new VenetOptions(mtu, group, value, queues);
  }

  /// The same with so many pairs of queues.
  public VenetOptions withQueues(int value) {
    return new VenetOptions(mtu, group, offloads, value);
  }
}
