package org.vbus.proxy.program;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.ledger.Tally;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.guest.Guest;

/// A boundary together with the guest at its other end: one thread of this JVM that is the
/// processor and runs a program.
public class ProgramGuest implements HostConnector {
  private static final Logger LOG = LoggerFactory.getLogger(ProgramGuest.class);
  private static final Duration STOP = Duration.ofSeconds(1);

  private final HostConnector boundary;
  private final GuestConnector north;
  private final GuestCpu cpu;
  private final GuestProgram program;
  private final Thread thread;
  private final CountDownLatch prepared = new CountDownLatch(1);
  private volatile @Nullable Guest guest;

  /// A guest that is not running yet.
  ///
  /// @param name of the bus
  /// @param boundary not started; belongs to this
  /// @param north its other half
  /// @param cpu the processor that the boundary interrupts
  public ProgramGuest(
      String name,
      HostConnector boundary,
      GuestConnector north,
      GuestCpu cpu,
      GuestProgram program) {
    this.boundary = boundary;
    this.north = north;
    this.cpu = cpu;
    this.program = program;
    this.thread = Thread.ofPlatform().name("vbus-guest-" + name).daemon(true).unstarted(this::run);
  }

  @Override
  public void start() {
    boundary.start();
    thread.start();
    try {
      prepared.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      Guest made = new Guest(north, cpu);
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
    Tally sum = boundary.tally().plus(cpu.ledger().tally());
    return made == null ? sum : sum.plus(made.ledger().tally());
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
    boundary.close();
  }
}
