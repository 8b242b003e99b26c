package org.vbus.tests.stress.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;

/// A driver and a device on two threads, each of which sleeps whenever the other has promised to
/// wake it: every request is answered, with the right bytes, far beyond the wrap of the indexes.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@SuppressWarnings("ThreadPriorityCheck") // to yield is all that a spinning test can do on few cores
class RingSoakTest {
  private static final int REQUESTS = 100_000;
  private static final int SIZE = 8;
  private static final long PACKED = 1L << 34;
  private static final long IN_ORDER = 1L << 35;
  private static final int DEPTH = SIZE / 2;
  private static final int BUFFER = 2 * Long.BYTES;

  /// What either side sleeps on. Spins, so that the next race comes soon.
  private static final class Doorbell {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private final String lost;
    private volatile boolean rung;

    Doorbell(String lost) {
      this.lost = lost;
    }

    void ring() {
      rung = true;
    }

    void await() {
      long start = System.nanoTime();
      for (int spins = 0; !rung; spins++) {
        if (spins % 64 < 48) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
          if (System.nanoTime() - start > PATIENCE) {
            throw new IllegalStateException(lost);
          }
        }
      }
      rung = false;
    }
  }

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment memory = arena.allocate(1 << 16, GuestHeap.GRAIN);
  private final GuestHeap heap = new GuestHeap(memory, 0);
  private final Doorbell kick = new Doorbell("nobody wakes the device");
  private final Doorbell call = new Doorbell("nobody wakes the driver");
  private final Burst burst = new Burst();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  private static long answer(long question) {
    return question * 0x9e3779b97f4a7c15L;
  }

  private VirtQueue device(DriverQueue driver, long features) {
    VirtQueue queue =
        Objects.requireNonNull(
            VirtQueue.open(
                0,
                driver.addresses(),
                new MappedMemory(List.of(new MemoryRegion(0, memory))),
                features,
                VirtQueue.freshPosition(features),
                new Ledger(),
                () -> {
                  call.ring();
                  return true;
                },
                broken -> failure.set(new AssertionError("ring fault " + broken.fault()))));
    queue.bind(burst);
    return queue;
  }

  private void serve(VirtQueue queue) {
    Chain chain = new Chain();
    SplittableRandom random = new SplittableRandom(2);
    MemorySegment reply = arena.allocate(Long.BYTES);
    int served = 0;
    while (served < REQUESTS && failure.get() == null) {
      queue.suppressKicks();
      int budget = 1 + random.nextInt(DEPTH);
      int done = 0;
      while (done < budget && queue.peek(chain)) {
        reply.set(LittleEndian.LONG, 0, answer(chain.readLong(0)));
        chain.write(0, reply, 0, Long.BYTES);
        queue.complete(chain, Long.BYTES);
        done++;
      }
      burst.publish();
      served += done;
      if (done == 0 && !queue.armKicks()) {
        kick.await();
      }
    }
  }

  private void drive(DriverQueue queue) {
    long[] buffers = new long[DEPTH];
    long[] questions = new long[DEPTH];
    int[] idle = new int[DEPTH];
    for (int i = 0; i < DEPTH; i++) {
      buffers[i] = heap.allocate(BUFFER, Long.BYTES);
      idle[i] = i;
    }
    SplittableRandom random = new SplittableRandom(1);
    int free = DEPTH;
    int sent = 0;
    int answered = 0;
    queue.disableSignals();
    while (answered < REQUESTS) {
      int wanted = Math.min(1 + random.nextInt(DEPTH), REQUESTS - sent);
      for (; wanted > 0 && free > 0; wanted--) {
        int token = idle[--free];
        questions[token] = random.nextLong();
        memory.set(LittleEndian.LONG, buffers[token], questions[token]);
        memory.set(LittleEndian.LONG, buffers[token] + Long.BYTES, 0);
        queue.begin();
        queue.out(heap.gpa(buffers[token]), Long.BYTES);
        queue.in(heap.gpa(buffers[token] + Long.BYTES), Long.BYTES);
        queue.commit(token);
        sent++;
      }
      if (queue.publish()) {
        kick.ring();
      }
      boolean progress = false;
      for (int token; (token = queue.nextUsed()) >= 0; progress = true) {
        long got = memory.get(LittleEndian.LONG, buffers[token] + Long.BYTES);
        if (queue.usedLength() != Long.BYTES || got != answer(questions[token])) {
          throw new IllegalStateException("request %d: wrong answer".formatted(answered));
        }
        idle[free++] = token;
        answered++;
      }
      if (!progress) {
        if (!queue.enableSignals()) {
          call.await();
        }
        queue.disableSignals();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1L << 29,
        1L << 28 | 1L << 29,
        IN_ORDER | 1L << 29,
        PACKED,
        PACKED | 1L << 29,
        PACKED | 1L << 28 | 1L << 29,
        PACKED | IN_ORDER | 1L << 29
      })
  void everyRequestIsAnsweredThoughBothSidesSleep(long features) throws InterruptedException {
    DriverQueue driver =
        DriverQueue.create(
            0,
            Feature.RING_PACKED.in(features) ? SIZE + 1 : SIZE,
            features,
            Feature.INDIRECT_DESC.in(features) ? 2 : 0,
            heap,
            new Ledger());
    VirtQueue device = device(driver, features);
    Thread south =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                serve(device);
              } catch (RuntimeException | Error e) {
                failure.set(e);
              }
            });
    try {
      drive(driver);
    } finally {
      if (failure.get() == null) {
        south.join(TimeUnit.SECONDS.toMillis(40));
      }
    }
    assertThat(failure).hasValue(null);
  }
}
