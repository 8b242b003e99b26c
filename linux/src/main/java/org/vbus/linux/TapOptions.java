package org.vbus.linux;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Which tap interface to open, and how.
///
/// @param name of the interface: created if there is none, attached to otherwise. A `%d` in it
///   becomes the first free number.
/// @param netns the network namespace it lives in, as a file (`/run/netns/NAME`); null for ours
/// @param vnetHeader each frame is preceded by the 12-byte header of virtio-net
///   (`virtio_net_hdr_v1`, little-endian)
/// @param mtu in bytes, or 0 to leave it as it is
/// @param up whether to set the interface up
/// @param offloads whether the kernel may leave checksums and segmentation to us, see
///   [Tap#offloads()]
public record TapOptions(
    String name, @Nullable Path netns, boolean vnetHeader, int mtu, boolean up, boolean offloads) {
  private static final int LONGEST_NAME = InterfaceControl.NAME_SIZE - 1;
  private static final int LEAST_MTU = 68;
  private static final int MOST_MTU = 65521;

  /// @throws IllegalArgumentException for what no interface can have
  public TapOptions {
    if (name.isEmpty() || name.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "tap name '" + name + "' must have 1 to " + LONGEST_NAME + " characters");
    }
    if (name.equals(".") || name.equals("..") || !name.chars().allMatch(TapOptions::allowed)) {
      throw new IllegalArgumentException(
          "tap name '" + name + "' must be plain ASCII without spaces, '/' and ':'");
    }
    if (offloads && !vnetHeader) {
      throw new IllegalArgumentException("tap " + name + ": offloads need the virtio-net header");
    }
    if (mtu != 0 && (mtu < LEAST_MTU || mtu > MOST_MTU)) {
      throw new IllegalArgumentException(
          "tap mtu " + mtu + " must be " + LEAST_MTU + " to " + MOST_MTU + ", or 0 to leave it");
    }
  }

  /// In our namespace, with the virtio-net header, set up, its MTU untouched, without offloads.
  public static TapOptions named(String name) {
    return new TapOptions(name, null, true, 0, true, false);
  }

  public TapOptions withNetns(@Nullable Path netns) {
    return new TapOptions(name, netns, vnetHeader, mtu, up, offloads);
  }

  public TapOptions withMtu(int mtu) {
    return new TapOptions(name, netns, vnetHeader, mtu, up, offloads);
  }

  public TapOptions withOffloads(boolean offloads) {
    return new TapOptions(name, netns, vnetHeader, mtu, up, offloads);
  }

  private static boolean allowed(int c) {
    return c > ' ' && c < 0x7f && c != '/' && c != ':';
  }
}
