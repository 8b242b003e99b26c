package org.vbus.bench.scale;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.vbus.bench.BenchFailure;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.stack.EpollWaiter;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;

/// Cards of guests in this JVM, plugged into their buses while they run; one poll loop for all.
final class LoopbackCards implements Cards {
  /// Cards of one guest: its event rings have room for those of a few hundred.
  private static final int PER_GUEST = 50;

  private static final long FIRST_MAC = 0x0200_0000_0001L;

  private final PollLoop loop;
  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private final List<LoopbackMachine> machines = new ArrayList<>();
  private final List<NetDriver> cards = new ArrayList<>();

  /// Guests without cards, and memory for `most`.
  LoopbackCards(int most) {
    try {
      loop = new PollLoop("scale-loop", new EpollWaiter(), Idle.ADAPTIVE);
    } catch (IOException e) {
      throw new BenchFailure("no poll loop: " + e.getMessage(), e);
    }
    loop.start();
    for (int first = 0; first < most; first += PER_GUEST) {
      machines.add(
          new LoopbackMachine(
              "scale" + machines.size(), Math.min(PER_GUEST, most - first), loop, cards::add));
    }
  }

  @Override
  public void attach() {
    int number = cards.size();
    VenetDevice device =
        new VenetDevice("eth" + number, lan, FIRST_MAC + number, VenetOptions.standard());
    machines.get(number / PER_GUEST).plug("eth" + number, device, () -> cards.size() > number);
  }

  @Override
  public NetDriver card(int i) {
    return cards.get(i);
  }

  @Override
  public void poll(int i) {
    machines.get(i / PER_GUEST).poll();
  }

  @Override
  public Footprint footprint() {
    return Footprint.of(ProcessHandle.current().pid());
  }

  @Override
  public OptionalLong liveHeap() {
    return OptionalLong.of(LiveHeap.here());
  }

  @Override
  public void close() {
    machines.forEach(LoopbackMachine::close);
    loop.close();
  }
}
