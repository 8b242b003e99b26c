package org.vbus.venet;

/// What a network device can be made with.
///
/// @param mtu largest payload of a frame, 68 to 65535; 1280 at least is wise (5.1.4.1)
/// @param group ports of one group do not reach each other, 0 for none
/// @param offloads whether to offer checksum and segmentation offloads
public record VenetOptions(int mtu, int group, boolean offloads) {
  /// An MTU of 1500, no group, offloads.
  public static VenetOptions standard() {
    return new VenetOptions(1500, 0, true);
  }

  /// The same with this MTU.
  public VenetOptions withMtu(int value) {
    return new VenetOptions(value, group, offloads);
  }

  /// The same in this group.
  public VenetOptions withGroup(int value) {
    return new VenetOptions(mtu, value, offloads);
  }

  /// The same with or without offloads.
  public VenetOptions withOffloads(boolean value) {
    return new VenetOptions(mtu, group, value);
  }
}
