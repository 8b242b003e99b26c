package org.vbus.core.loop;

import java.util.List;

/// Which loop polls which queue of which device.
public interface LoopMap {
  /// The loop for `queue` of the device in `slot`; always the same for the same pair.
  PollLoop loop(int slot, int queue);

  /// One loop for everything.
  static LoopMap single(PollLoop loop) {
    return (slot, queue) -> loop;
  }

  /// All queues of a device on one loop, devices dealt round robin.
  static LoopMap perDevice(List<PollLoop> loops) {
    List<PollLoop> all = List.copyOf(loops);
    return (slot, queue) -> all.get(slot % all.size());
  }

  /// Queues dealt round robin.
  static LoopMap perQueue(List<PollLoop> loops) {
    List<PollLoop> all = List.copyOf(loops);
    return (slot, queue) -> all.get((slot + queue) % all.size());
  }
}
