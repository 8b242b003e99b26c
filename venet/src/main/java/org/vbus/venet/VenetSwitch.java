package org.vbus.venet;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.capture.PcapngCapture;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.MacAddress;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// An [L2Switch] together with the loops that forward on it, so that a port can leave while others
/// forward, and with the capture of its ports.
///
/// Ports come and go on control threads.
public final class VenetSwitch {
  private final L2Switch l2;
  private final Set<PollLoop> loops = ConcurrentHashMap.newKeySet();
  private final Map<Long, String> addresses = new ConcurrentHashMap<>();
  private volatile @Nullable PcapngCapture capture;

  /// Around `l2`.
  public VenetSwitch(L2Switch l2) {
    this.l2 = l2;
  }

  /// The switch itself.
  public L2Switch l2() {
    return l2;
  }

  /// Captures every port from now on, null: none any more.
  void capture(@Nullable PcapngCapture to) {
    capture = to;
    for (SwitchPort port : l2.ports()) {
      port.tap(to == null ? null : to.addInterface(port.name()));
    }
  }

  /// Reserves the address of a device, so that no two stations have the same.
  ///
  /// @throws IllegalArgumentException naming who has it
  void reserve(long mac, String device) {
    String holder = addresses.putIfAbsent(mac, device);
    if (holder != null) {
      throw new IllegalArgumentException(
          MacAddress.format(mac) + " is the address of " + holder + " on the same switch already");
    }
  }

  /// Gives a reserved address back.
  void unreserve(long mac) {
    addresses.remove(mac);
  }

  /// Adds a port that one loop owns.
  SwitchPort attach(String name, Port port, int group) {
    return attach(name, port, group, false);
  }

  /// Adds a port, see [L2Switch#attach(String, Port, int, boolean)].
  ///
  /// @throws IllegalArgumentException when the name is taken
  SwitchPort attach(String name, Port port, int group, boolean shared) {
    SwitchPort added = l2.attach(name, port, group, shared);
    PcapngCapture to = capture;
    if (to != null) {
      added.tap(to.addInterface(name));
    }
    return added;
  }

  /// Says that `loop` forwards on this switch.
  void usedBy(PollLoop loop) {
    loops.add(loop);
  }

  /// Removes a port; when this returns no loop is delivering to it any more.
  void detach(SwitchPort port) {
    l2.detach(port);
    for (PollLoop loop : loops) {
      // A loop that runs this has finished every forward it began with the old set of ports.
      loop.execute(() -> {});
    }
  }
}
