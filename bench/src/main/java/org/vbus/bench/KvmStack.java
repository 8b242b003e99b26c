package org.vbus.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.vbus.connector.kvm.InterruptDelivery;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.KvmHost;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.connector.kvm.guest.GuestControl;
import org.vbus.connector.kvm.guest.GuestCounters;
import org.vbus.connector.kvm.guest.GuestProgram;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.Vectors;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.linux.Kvm;
import org.vbus.stack.EpollWaiter;

/// A bus of echo devices on one poll loop, and a virtual machine that runs a program.
///
/// Belongs to the thread that made it.
final class KvmStack implements AutoCloseable {
  private static final long MEMORY = 16L << 20;
  private static final long PATIENCE = 60_000_000_000L;
  private static final long LOOK = 50_000;

  private final List<EchoService> devices = new ArrayList<>();
  private final Bus bus;
  private final PollLoop loop;
  private final KvmHost host;
  private final GuestCounters counters;
  private final GuestControl control;

  /// @throws BenchFailure when there is no such machine
  KvmStack(
      Kvm kvm,
      GuestProgram program,
      SignalPolicy policy,
      int deviceCount,
      int depth,
      KickDelivery kicks,
      Placement placement) {
    bus =
        new Bus(
            "bench",
            deviceCount,
            VirtioDevice.RING_FEATURES & ~Feature.setOf(Feature.RING_PACKED, Feature.IN_ORDER));
    for (int i = 0; i < deviceCount; i++) {
      EchoService device = new EchoService(depth);
      devices.add(device);
      bus.plug("echo" + i, device);
    }
    try {
      loop = new PollLoop("bench-loop", new EpollWaiter(), Idle.ADAPTIVE);
      loop.start();
      loop.execute(() -> Placement.bind(placement.south()));
    } catch (IOException e) {
      throw new BenchFailure(String.valueOf(e.getMessage()), e);
    }
    KvmOptions options =
        KvmOptions.of(MEMORY).with(kicks).with(InterruptDelivery.IRQFD).on(north(placement));
    try {
      host = new KvmHost(kvm, bus, LoopMap.single(loop), policy, options);
    } catch (IOException e) {
      loop.close();
      throw new BenchFailure(String.valueOf(e.getMessage()), e);
    }
    counters = new GuestCounters(host.memory());
    control = new GuestControl(host.memory());
    try {
      host.load(program);
      host.start();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static BitSet north(Placement placement) {
    BitSet processors = new BitSet();
    if (placement.north() >= 0) {
      processors.set(placement.north());
    } else {
      processors.set(0, Runtime.getRuntime().availableProcessors());
    }
    return processors;
  }

  KvmHost host() {
    return host;
  }

  GuestCounters counters() {
    return counters;
  }

  /// Waits until the guest is at least there.
  void await(GuestState state) {
    await(() -> counters.state().compareTo(state) >= 0, state);
    if (counters.state() == GuestState.PANIC) {
      throw new BenchFailure("kvm: the guest panicked: " + counters.panic());
    }
  }

  private void await(BooleanSupplier done, Object what) {
    long deadline = System.nanoTime() + PATIENCE;
    while (!done.getAsBoolean()) {
      if (host.ended() != null) {
        throw new BenchFailure("kvm: the guest stopped: " + host.ended());
      }
      if (System.nanoTime() > deadline) {
        throw new BenchFailure(
            "kvm: the guest does not come to %s: %s; the devices answered %d requests after %d kicks"
                .formatted(what, counters, tally().get(Event.IOS), tally().get(Event.KICKS)));
      }
      Nap.nanos(LOOK);
    }
  }

  /// Lets the guest have made so many requests per device.
  void allow(long requests) {
    if (control.allow(requests)) {
      host.interrupt(Vectors.CONTROL);
    }
  }

  /// Waits until the guest has answers to all of them.
  void awaitAnswers(long requests) {
    await(() -> counters.answered() >= requests * devices.size(), requests + " requests");
  }

  /// What the devices asked for, and how often the loop was woken. The loop is between two passes
  /// when it is asked.
  Tally tally() {
    Tally[] sum = {Tally.zero()};
    loop.execute(() -> {
      bus.devices().forEach(slot -> sum[0] = sum[0].plus(slot.device().tally()));
      sum[0] = sum[0].plus(loop.ledger().tally());
    });
    return sum[0].plus(host.tally());
  }

  /// Times that places of the queues took to come round since [#restart()].
  Histogram turns() {
    Histogram all = new Histogram(3);
    loop.execute(() -> devices.forEach(device -> device.takeTurns(all)));
    return all;
  }

  /// The same of one device.
  Histogram turns(int device) {
    Histogram all = new Histogram(3);
    loop.execute(() -> devices.get(device).takeTurns(all));
    return all;
  }

  /// Forgets such times.
  void restart() {
    loop.execute(() -> devices.forEach(EchoService::restart));
  }

  @Override
  public void close() {
    host.close();
    loop.close();
  }
}
