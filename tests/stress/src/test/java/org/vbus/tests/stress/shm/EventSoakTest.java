package org.vbus.tests.stress.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.NorthEvents;
import org.vbus.shm.SouthEvents;

/// Three producer threads, a north that sleeps whenever it may, and rings too small for the
/// sources: in the end north has seen the last change of every source.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EventSoakTest {
  private static final EventGeometry GEOMETRY = new EventGeometry(2, 2, 8);
  private static final long DATA = GEOMETRY.footprint();
  private static final int PRODUCERS = 3;
  private static final int CHANGES = 100_000;

  private final MemorySegment memory = Arena.ofAuto().allocate(DATA + 8L * GEOMETRY.handles(), 64);
  private final Semaphore interrupts = new Semaphore(0);
  private final Semaphore kicks = new Semaphore(0);
  private final AtomicInteger missing = new AtomicInteger(GEOMETRY.handles());
  private final NorthEvents north =
      NorthEvents.format(memory, 0, GEOMETRY, 0, new Handler(), level -> kicks.release());
  private final SouthEvents south = SouthEvents.open(memory, 0, GEOMETRY);

  private final class Handler implements EventHandler {
    private final boolean[] finished = new boolean[GEOMETRY.handles()];

    @Override
    public void signal(long handle) {
      int source = (int) handle;
      long value = memory.getAtIndex(ValueLayout.JAVA_LONG, DATA / 8 + source);
      if (value == CHANGES && !finished[source]) {
        finished[source] = true;
        missing.decrementAndGet();
      }
    }

    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }

  private void cross(Delivery delivery) {
    if (delivery == Delivery.INTERRUPT) {
      interrupts.release();
    }
  }

  /// Changes the sources with `source % PRODUCERS == producer` again and again.
  private void produce(int producer) {
    for (int change = 1; change <= CHANGES; change++) {
      for (int source = producer; source < GEOMETRY.handles(); source += PRODUCERS) {
        memory.setAtIndex(ValueLayout.JAVA_LONG, DATA / 8 + source, change);
        cross(south.raise(source % GEOMETRY.levels(), source));
      }
    }
  }

  private void answerKicks() {
    try {
      while (true) {
        kicks.acquire();
        for (int level = 0; level < GEOMETRY.levels(); level++) {
          cross(south.flush(level));
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void everySourcesLastChangeIsSeen() throws InterruptedException {
    for (int handle = 0; handle < GEOMETRY.handles(); handle++) {
      north.signals().signal(handle).enable();
    }
    north.unmask();
    List<Thread> producers = new ArrayList<>();
    for (int p = 0; p < PRODUCERS; p++) {
      int producer = p;
      producers.add(Thread.ofPlatform().start(() -> produce(producer)));
    }
    Thread kicked = Thread.ofPlatform().start(this::answerKicks);
    while (missing.get() > 0) {
      assertThat(interrupts.tryAcquire(20, TimeUnit.SECONDS))
          .as("woken; %s sources are missing", missing)
          .isTrue();
      interrupts.drainPermits();
      north.mask();
      do {
        while (north.poll(16) == 16) {
          Thread.onSpinWait();
        }
      } while (north.unmask());
    }
    for (Thread producer : producers) {
      producer.join();
    }
    kicked.interrupt();
    kicked.join();
  }
}
