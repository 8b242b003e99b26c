package org.vbus.tests.net;

import java.util.List;
import java.util.stream.IntStream;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;

/// Which loops poll the queues of two guests.
enum Arrangement {
  /// All queues of both: every frame is delivered directly.
  ONE_LOOP(1),
  /// One per guest: every frame crosses an inbox.
  LOOP_PER_DEVICE(2),
  /// Receive queues on one, transmit queues on the other.
  LOOP_PER_QUEUE(2);

  private final int loops;

  Arrangement(int loops) {
    this.loops = loops;
  }

  /// Started loops.
  List<PollLoop> start() {
    List<PollLoop> all =
        IntStream.range(0, loops)
            .mapToObj(i -> new PollLoop("net-" + i, new ParkWaiter(), Idle.ADAPTIVE))
            .toList();
    all.forEach(PollLoop::start);
    return all;
  }

  /// The map of guest 0 or 1.
  LoopMap map(List<PollLoop> all, int guest) {
    return switch (this) {
      case ONE_LOOP -> LoopMap.single(all.getFirst());
      case LOOP_PER_DEVICE -> LoopMap.single(all.get(guest));
      case LOOP_PER_QUEUE -> LoopMap.perQueue(all);
    };
  }
}
