package org.vbus.stack;

import com.google.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Waiter;
import org.vbus.linux.Linux;

/// The poll loops of a stack.
public final class Loops {
  private final List<PollLoop> loops = new ArrayList<>();
  private final LoopsConfig.Spread spread;
  private int dealt;

  @Inject
  Loops(LoopsConfig config) {
    for (int i = 0; i < config.count(); i++) {
      loops.add(new PollLoop("vbus-loop-" + i, waiter(), new Idle(config.spin())));
    }
    spread = config.spread();
  }

  private static Waiter waiter() {
    if (!Linux.supported()) {
      return new ParkWaiter();
    }
    try {
      return new EpollWaiter();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// All of them.
  public List<PollLoop> all() {
    return List.copyOf(loops);
  }

  /// The next loop in turn, for something that needs just one. Control thread.
  public PollLoop next() {
    return loops.get(dealt++ % loops.size());
  }

  /// Which loop polls which queue of a bus; buses begin at loops in turn, so that buses of one
  /// device spread too. Control thread.
  LoopMap mapForBus() {
    int first = dealt++;
    LoopMap map =
        switch (spread) {
          case DEVICE -> LoopMap.perDevice(loops);
          case QUEUE -> LoopMap.perQueue(loops);
        };
    return (slot, queue) -> map.loop(first + slot, queue);
  }

  /// Wakes of all loops.
  public Tally tally() {
    Tally sum = Tally.zero();
    for (PollLoop loop : loops) {
      sum = sum.plus(loop.ledger().tally());
    }
    return sum;
  }

  void start() {
    loops.forEach(PollLoop::start);
  }

  void close() {
    loops.forEach(PollLoop::close);
  }
}
