package org.vbus.connector.loopback;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.LoopMap;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.program.GuestProgram;

/// A [Loopback] together with the guest at its other end: one thread that is the processor and runs
/// a program.
public final class LoopbackGuest implements HostConnector {
  private static final Logger LOG = LoggerFactory.getLogger(LoopbackGuest.class);
  private static final Duration STOP = Duration.ofSeconds(1);

  private final GuestCpu cpu = new GuestCpu();
  private final Loopback loopback;
  private final GuestProgram program;
  private final Thread thread;
  private final CountDownLatch prepared = new CountDownLatch(1);
  private volatile @Nullable Guest guest;

  /// A guest that is not running yet.
  public LoopbackGuest(
      Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, GuestProgram program) {
    this.loopback = new Loopback(bus, loops, policy, memoryBytes, cpu);
    this.program = program;
    this.thread =
        Thread.ofPlatform().name("vbus-guest-" + bus.name()).daemon(true).unstarted(this::run);
  }

  @Override
  public void start() {
    loopback.start();
    thread.start();
    try {
      prepared.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      Guest made = new Guest(loopback.guest(), cpu);
      program.prepare(made);
      made.bus().start();
      // Binds drivers to the devices that are there: none drops frames once start() returns.
      int _ = made.poll();
      guest = made;
      prepared.countDown();
      made.run();
      made.bus().stop();
    } catch (RuntimeException | Error e) {
      LOG.error("{} ended: {}", thread.getName(), e.getMessage(), e);
    } finally {
      prepared.countDown();
    }
  }

  @Override
  public Tally tally() {
    Guest made = guest;
    Tally sum = cpu.ledger().tally();
    return made == null ? sum : sum.plus(made.ledger().tally());
  }

  /// Bytes of guest memory that are still mapped, 0 once closed.
  public long mappedBytes() {
    return loopback.mappedBytes();
  }

  /// Asks the guest to stop, waits for it, then takes the boundary down.
  @Override
  public void close() {
    Guest made = guest;
    if (made != null && thread.isAlive()) {
      made.post(made::stop);
      try {
        if (!thread.join(STOP)) {
          LOG.warn("{} does not stop; its devices are taken away", thread.getName());
          thread.interrupt();
          boolean _ = thread.join(STOP);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    loopback.close();
  }
}
