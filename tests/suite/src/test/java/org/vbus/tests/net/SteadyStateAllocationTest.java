package org.vbus.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.net.CardGuest.MAC_A;
import static org.vbus.tests.net.CardGuest.MAC_B;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.PortCounters;

/// Frames from guest to guest allocate nothing on any thread they touch: the loops, with device,
/// ring and switch on them, and both guests, with driver, ring and signals. A million of them on
/// one loop, and, as four threads take longer for them, 400,000 between two.
///
/// Measured by the JVM per thread, after a warm-up. One clean round is enough: now and then the JVM
/// makes an object of its own when it replaces compiled code, which takes longer the busier the
/// machine is; an allocation per frame, per burst or per wake spoils all rounds.
class SteadyStateAllocationTest {
  private static final int WARM_UP = 300_000;
  private static final int ON_ONE_LOOP = 1_000_000;
  private static final int BETWEEN_LOOPS = 400_000;
  private static final int ROUNDS = 8;
  private static final int WINDOW = 64;
  private static final Duration WATCHDOG = Duration.ofMinutes(2);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final long deadline = System.nanoTime() + WATCHDOG.toNanos();
  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private final Map<String, Long> threads = new LinkedHashMap<>();

  private interface Progress {
    void until(BooleanSupplier enough) throws InterruptedException;
  }

  /// Both guests and the loop are steps of one thread: delivery is direct.
  @ParameterizedTest
  @CsvSource({"RING, 60, true", "DIRECT, 60, false", "DIRECT, 2100, true"})
  void onOneLoopFramesAllocateNothing(SignalPolicy policy, int length, boolean mergeable)
      throws Exception {
    Traffic toB = Traffic.numbersOnly(MAC_A, MAC_B, length);
    PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
    try (CardGuest a = guest("a", MAC_A, length, LoopMap.single(loop), policy);
        CardGuest b = guest("b", MAC_B, length, LoopMap.single(loop), policy)) {
      a.boot(features(mergeable));
      b.boot(features(mergeable));
      b.card.onFrame(toB::check);
      threads.put("all", Thread.currentThread().threadId());
      assertNothingAllocated(
          toB,
          ON_ONE_LOOP,
          enough -> {
            while (!enough.getAsBoolean()) {
              toB.send(a.card);
              loop.doWork();
              a.guest.poll();
              b.guest.poll();
            }
          });
      a.shutDown();
      b.shutDown();
    } finally {
      loop.close();
    }
  }

  /// Each guest and each guest's loop is a thread: frames cross an inbox, loops and guests sleep
  /// and are woken.
  @ParameterizedTest
  @CsvSource({"RING, 2100, true", "DIRECT, 60, false"})
  void betweenTwoLoopsFramesAllocateNothing(SignalPolicy policy, int length, boolean mergeable)
      throws Exception {
    Traffic toB = Traffic.numbersOnly(MAC_A, MAC_B, length);
    AtomicBoolean over = new AtomicBoolean();
    CountDownLatch ready = new CountDownLatch(2);
    List<PollLoop> loops = Arrangement.LOOP_PER_DEVICE.start();
    try (CardGuest a = guest("a", MAC_A, length, LoopMap.single(loops.get(0)), policy);
        CardGuest b = guest("b", MAC_B, length, LoopMap.single(loops.get(1)), policy)) {
      long features = features(mergeable);
      Thread sender = Thread.ofPlatform().start(() -> run(a, features, toB, true, b, ready, over));
      Thread receiver =
          Thread.ofPlatform().start(() -> run(b, features, toB, false, a, ready, over));
      for (PollLoop loop : loops) {
        loop.execute(() -> threads.put(loop.name(), Thread.currentThread().threadId()));
      }
      threads.put("guest a", sender.threadId());
      threads.put("guest b", receiver.threadId());
      try {
        assertThat(ready.await(30, TimeUnit.SECONDS)).isTrue();
        assertNothingAllocated(
            toB,
            BETWEEN_LOOPS,
            enough -> {
              while (!enough.getAsBoolean()) {
                Thread.sleep(1);
              }
            });
      } finally {
        over.set(true);
        sender.join();
        receiver.join();
      }
    } finally {
      loops.forEach(PollLoop::close);
    }
  }

  private CardGuest guest(String name, long mac, int length, LoopMap loops, SignalPolicy policy) {
    return new CardGuest(name, lan, mac, Math.max(length - 14, 1500), loops, policy);
  }

  private static long features(boolean mergeable) {
    return mergeable ? NetDriver.UNDERSTOOD : NetDriver.UNDERSTOOD & ~(1L << NetDriver.F_MRG_RXBUF);
  }

  private void assertNothingAllocated(Traffic traffic, int frames, Progress progress)
      throws InterruptedException {
    long[] ids = threads.values().stream().mapToLong(Long::longValue).toArray();
    long[] allocated = new long[ids.length];
    long[] target = {WARM_UP};
    BooleanSupplier enough = () -> enough(traffic, target[0]);
    progress.until(enough);
    for (int round = 0; round < ROUNDS; round++) {
      target[0] = traffic.received.get() + frames;
      // The caller may be one of those measured, so this allocates nothing either.
      for (int i = 0; i < ids.length; i++) {
        allocated[i] = -THREADS.getThreadAllocatedBytes(ids[i]);
      }
      progress.until(enough);
      long sum = 0;
      for (int i = 0; i < ids.length; i++) {
        allocated[i] += THREADS.getThreadAllocatedBytes(ids[i]);
        sum += allocated[i];
      }
      if (sum == 0) {
        break;
      }
    }
    assertThat(allocated).as("bytes allocated by %s", threads.keySet()).containsOnly(0L);
    assertThat(traffic.wrong).isNull();
  }

  private boolean enough(Traffic traffic, long frames) {
    if (System.nanoTime() - deadline > 0) {
      throw new AssertionError(
          traffic.received + " of " + traffic.sent + " frames received, the rest does not come");
    }
    return traffic.received.get() >= frames || traffic.wrong != null;
  }

  private static void run(
      CardGuest guest,
      long features,
      Traffic traffic,
      boolean sending,
      CardGuest other,
      CountDownLatch ready,
      AtomicBoolean over) {
    guest.boot(features);
    guest.card.onFrame(traffic::check);
    ready.countDown();
    try {
      // A frame to a guest that is not up would be lost without being one of those below.
      ready.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    PortCounters counters = other.device.port().counters();
    while (!over.get()) {
      if (sending) {
        // With few losses, so that a million frames received are not many more sent.
        long lost = counters.drops(DropReason.NO_BUFFER) + counters.drops(DropReason.QUEUE_FULL);
        if (traffic.sent.get() - traffic.received.get() - lost < WINDOW) {
          traffic.send(guest.card);
        }
      }
      if (guest.guest.poll() == 0 && !guest.guest.busy()) {
        guest.cpu.halt(20_000);
      }
    }
    guest.shutDown();
  }
}
