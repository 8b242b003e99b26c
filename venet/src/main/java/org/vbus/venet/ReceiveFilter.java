package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.CUSTOMER_TAG;

import org.jspecify.annotations.Nullable;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;
import org.vbus.venet.l2.MacAddress;

/// Which frames a driver wants (5.1.9.5.1 to 5.1.9.5.3). Immutable: a command makes a new one.
///
/// Addresses beyond [#MOST] are not kept; such a table lets every address of its kind in, as the
/// specification allows.
final class ReceiveFilter {
  /// Everything, as for a driver that has not negotiated any filter.
  static final ReceiveFilter EVERYTHING =
      new ReceiveFilter(1 << VenetProtocol.RX_PROMISC, 0, new long[0], new long[0], null);

  /// Addresses kept of either kind.
  static final int MOST = 64;

  /// VLANs there are.
  static final int VLANS = 1 << 12;

  /// Stands for all addresses in a table.
  private static final long ALL = -1;

  private static final int TAG_CONTROL = 14;

  /// One bit per command of the class CTRL_RX.
  private final int modes;

  private final long mac;
  private final long[] unicast;
  private final long[] multicast;

  /// One bit per VLAN, null when tags do not matter.
  private final long @Nullable [] vlans;

  private ReceiveFilter(
      int modes, long mac, long[] unicast, long[] multicast, long @Nullable [] vlans) {
    this.modes = modes;
    this.mac = mac;
    this.unicast = unicast;
    this.multicast = multicast;
    this.vlans = vlans;
  }

  /// What a driver wants that has not said anything yet: frames for `mac` and broadcasts, if it
  /// filters addresses; no tagged frames, if it filters VLANs.
  static ReceiveFilter initial(long mac, boolean addresses, boolean vlans) {
    if (!addresses && !vlans) {
      return EVERYTHING;
    }
    int modes = addresses ? 0 : 1 << VenetProtocol.RX_ALLUNI | 1 << VenetProtocol.RX_ALLMULTI;
    return new ReceiveFilter(
        modes, mac, new long[0], new long[0], vlans ? new long[VLANS / Long.SIZE] : null);
  }

  /// With the mode of this command of the class CTRL_RX on or off.
  ReceiveFilter withMode(int command, boolean on) {
    int bit = 1 << command;
    return new ReceiveFilter(on ? modes | bit : modes & ~bit, mac, unicast, multicast, vlans);
  }

  /// With another default address.
  ReceiveFilter withMac(long address) {
    return new ReceiveFilter(modes, address, unicast, multicast, vlans);
  }

  /// With these tables, null for one that lets all of its kind in.
  ReceiveFilter withTables(long @Nullable [] stations, long @Nullable [] groups) {
    long[] all = {ALL};
    return new ReceiveFilter(
        modes, mac, stations == null ? all : stations, groups == null ? all : groups, vlans);
  }

  /// With a VLAN let in or not.
  ReceiveFilter withVlan(int id, boolean in) {
    long[] changed = vlans == null ? new long[VLANS / Long.SIZE] : vlans.clone();
    if (in) {
      changed[id >>> 6] |= 1L << id;
    } else {
      changed[id >>> 6] &= ~(1L << id);
    }
    return new ReceiveFilter(modes, mac, unicast, multicast, changed);
  }

  /// Whether the driver wants the frame, which has an Ethernet header.
  boolean accepts(Frame frame) {
    return (modes & 1 << VenetProtocol.RX_PROMISC) != 0 || acceptsSome(frame);
  }

  /// The same of one frame of a burst.
  boolean accepts(FrameBurst frames, int i) {
    if ((modes & 1 << VenetProtocol.RX_PROMISC) != 0) {
      return true;
    }
    boolean tagged = vlans != null && frames.etherType(i) == CUSTOMER_TAG;
    return tagged ? acceptsSome(frames.frame(i)) : acceptsAddress(frames.destination(i));
  }

  private boolean acceptsSome(Frame frame) {
    long[] wanted = vlans;
    if (wanted != null && frame.etherType() == CUSTOMER_TAG && !acceptsTag(wanted, frame)) {
      return false;
    }
    return acceptsAddress(frame.destination());
  }

  private boolean acceptsAddress(long destination) {
    if (destination == MacAddress.BROADCAST) {
      return !has(VenetProtocol.RX_NOBCAST);
    }
    if (MacAddress.isMulticast(destination)) {
      return !has(VenetProtocol.RX_NOMULTI)
          && (has(VenetProtocol.RX_ALLMULTI) || contains(multicast, destination));
    }
    return !has(VenetProtocol.RX_NOUNI)
        && (destination == mac || has(VenetProtocol.RX_ALLUNI) || contains(unicast, destination));
  }

  private static boolean acceptsTag(long[] wanted, Frame frame) {
    if (frame.length() < TAG_CONTROL + 2) {
      return false;
    }
    int id = frame.u16(TAG_CONTROL) & (VLANS - 1);
    return (wanted[id >>> 6] & 1L << id) != 0;
  }

  private boolean has(int command) {
    return (modes & 1 << command) != 0;
  }

  private static boolean contains(long[] table, long address) {
    for (long entry : table) {
      if (entry == address || entry == ALL) {
        return true;
      }
    }
    return false;
  }
}
