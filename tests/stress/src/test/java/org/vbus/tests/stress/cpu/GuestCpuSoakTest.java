package org.vbus.tests.stress.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.ledger.Event;
import org.vbus.proxy.cpu.GuestCpu;

/// Devices that interrupt a processor which steps, runs with interrupts disabled, and halts without
/// a timer: no interrupt is lost or slept through, and none is taken twice.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GuestCpuSoakTest {
  /// Two in one word of the pending set, one in another.
  private static final int[] VECTORS = {1, 2, 200};

  private static final int INTERRUPTS = 40_000;
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

  private final GuestCpu cpu = new GuestCpu();
  private final AtomicLongArray asked = new AtomicLongArray(VECTORS.length);
  private final AtomicLongArray taken = new AtomicLongArray(VECTORS.length);
  private volatile boolean lost;
  private volatile boolean done;

  /// Interrupts, waits until that was taken, and again after a moment that differs: what comes
  /// while the processor is about to halt is what this is for.
  private void interrupts(int device) {
    SplittableRandom random = new SplittableRandom(device);
    for (long n = 1; n <= INTERRUPTS && !lost; n++) {
      for (int pause = random.nextInt(400); pause > 0; pause--) {
        Thread.onSpinWait();
      }
      asked.setOpaque(device, n);
      cpu.interrupt(VECTORS[device]);
      awaitTaken(device, n);
    }
  }

  private void awaitTaken(int device, long n) {
    long start = System.nanoTime();
    for (int spins = 0; taken.getOpaque(device) < n && !lost; spins++) {
      if (spins % 64 < 32) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
        lost = System.nanoTime() - start > PATIENCE;
      }
    }
  }

  private void process() {
    cpu.bind();
    for (int i = 0; i < VECTORS.length; i++) {
      int device = i;
      cpu.handler(VECTORS[i], () -> taken.setOpaque(device, taken.getOpaque(device) + 1));
    }
    SplittableRandom random = new SplittableRandom(7);
    while (!done) {
      switch (random.nextInt(4)) {
        case 0 -> cpu.step();
        case 1 -> {
          cpu.disable();
          cpu.step();
          cpu.enable();
        }
        default -> cpu.halt();
      }
    }
  }

  @Test
  void everyInterruptIsTakenOnce() throws InterruptedException {
    Thread processor = Thread.ofPlatform().daemon().start(this::process);
    Thread[] devices = new Thread[VECTORS.length];
    for (int i = 0; i < devices.length; i++) {
      int device = i;
      devices[i] = Thread.ofPlatform().daemon().start(() -> interrupts(device));
    }
    for (Thread device : devices) {
      device.join();
    }
    assertThat(lost).as("the processor slept through an interrupt").isFalse();

    done = true;
    cpu.interrupt(0);
    processor.join(TimeUnit.SECONDS.toMillis(30));
    assertThat(processor.isAlive()).as("halted for good").isFalse();
    for (int i = 0; i < VECTORS.length; i++) {
      assertThat(taken.get(i)).as("vector %d", VECTORS[i]).isEqualTo(asked.get(i));
    }
    assertThat(cpu.ledger().get(Event.INTERRUPTS))
        .isBetween((long) VECTORS.length * INTERRUPTS, (long) VECTORS.length * INTERRUPTS + 1);
    assertThat(cpu.ledger().get(Event.HALTS)).isPositive();
  }
}
