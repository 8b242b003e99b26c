package org.vbus.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.vbus.tests.net.CardGuest.MAC_A;
import static org.vbus.tests.net.CardGuest.MAC_B;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.linux.Kvm;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.stack.EpollWaiter;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.PortCounters;
import org.vbus.venet.l2.SwitchPort;

/// Two guests send to each other as fast as they can, each on its own thread.
class TwoGuestsTest {
  private static final int FRAMES = 150_000;
  private static final long MERGEABLE = NetDriver.UNDERSTOOD;
  private static final long PLAIN = NetDriver.UNDERSTOOD & ~(1L << NetDriver.F_MRG_RXBUF);
  private static final Duration WATCHDOG = Duration.ofMinutes(1);

  @ParameterizedTest
  @CsvSource({
    "ONE_LOOP, RING, 1514, true",
    "ONE_LOOP, DIRECT, 1514, false",
    "LOOP_PER_DEVICE, RING, 1514, false",
    "LOOP_PER_DEVICE, DIRECT, 9014, true",
    "LOOP_PER_QUEUE, RING, 9014, true",
    "LOOP_PER_QUEUE, POLLED, 1514, false"
  })
  void framesArriveInOrderAndWholeAndThoseThatDoNotAreCounted(
      Arrangement arrangement, SignalPolicy policy, int longest, boolean mergeable)
      throws Exception {
    VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
    List<PollLoop> loops = arrangement.start();
    Traffic toB = new Traffic(MAC_A, MAC_B, 60, longest);
    Traffic toA = new Traffic(MAC_B, MAC_A, 60, longest);
    int frames = longest > 1514 ? FRAMES / 4 : FRAMES;
    long features = mergeable ? MERGEABLE : PLAIN;
    int mtu = longest - 14;
    try (CardGuest a = new CardGuest("a", lan, MAC_A, mtu, arrangement.map(loops, 0), policy);
        CardGuest b = new CardGuest("b", lan, MAC_B, mtu, arrangement.map(loops, 1), policy);
        ExecutorService processors = Executors.newFixedThreadPool(2)) {
      CountDownLatch ready = new CountDownLatch(2);
      AtomicBoolean over = new AtomicBoolean();
      Future<?> runA = processors.submit(() -> run(a, features, toB, toA, frames, ready, over));
      Future<?> runB = processors.submit(() -> run(b, features, toA, toB, frames, ready, over));
      long deadline = System.nanoTime() + WATCHDOG.toNanos();
      while (System.nanoTime() < deadline
          && !(allSent(toA, toB, frames) && settled(lan, toA, toB))
          && !runA.isDone()
          && !runB.isDone()) {
        Thread.sleep(2);
      }
      over.set(true);
      runA.get(10, TimeUnit.SECONDS);
      runB.get(10, TimeUnit.SECONDS);
      assertThat(toA.wrong).isNull();
      assertThat(toB.wrong).isNull();
      assertThat(toA.sent.get()).isGreaterThanOrEqualTo(frames);
      assertThat(toB.sent.get()).isGreaterThanOrEqualTo(frames);
      assertThat(toA.received.get()).isPositive();
      assertThat(toB.received.get()).isPositive();
      assertThat(toA.received.get() + toB.received.get() + drops(lan))
          .as(
              "received and dropped of %d and %d sent; drops %s",
              toA.sent.get(),
              toB.sent.get(),
              lan.l2().ports().stream().map(p -> p.counters().snapshot()).toList())
          .isEqualTo(toA.sent.get() + toB.sent.get());
      assertPort(a, toB.sent.get(), toA.received.get());
      assertPort(b, toA.sent.get(), toB.received.get());
      assertThat(a.guest.heap().inUse()).isZero();
      assertThat(b.guest.heap().inUse()).isZero();
    } finally {
      loops.forEach(PollLoop::close);
    }
    assertThat(lan.l2().ports()).isEmpty();
  }

  /// The cards, the switch and the drivers are the same; only the boundary is another.
  @Test
  void guestsUnderKvmExchangeFrames() throws Exception {
    String problem = Kvm.problem();
    assumeTrue(problem.isEmpty(), problem);
    VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
    PollLoop loop = new PollLoop("net", new EpollWaiter(), Idle.ADAPTIVE);
    loop.start();
    Traffic toB = new Traffic(MAC_A, MAC_B, 60, 1514);
    Traffic toA = new Traffic(MAC_B, MAC_A, 60, 1514);
    LoopMap map = LoopMap.single(loop);
    try (Kvm kvm = Kvm.open();
        CardGuest a = new CardGuest(kvm, "a", lan, MAC_A, map, SignalPolicy.RING);
        CardGuest b = new CardGuest(kvm, "b", lan, MAC_B, map, SignalPolicy.DIRECT);
        ExecutorService processors = Executors.newFixedThreadPool(2)) {
      CountDownLatch ready = new CountDownLatch(2);
      AtomicBoolean over = new AtomicBoolean();
      Future<?> runA = processors.submit(() -> run(a, MERGEABLE, toB, toA, 20_000, ready, over));
      Future<?> runB = processors.submit(() -> run(b, MERGEABLE, toA, toB, 20_000, ready, over));
      long deadline = System.nanoTime() + WATCHDOG.toNanos();
      while (System.nanoTime() < deadline
          && !(allSent(toA, toB, 20_000) && settled(lan, toA, toB))
          && !runA.isDone()
          && !runB.isDone()) {
        Thread.sleep(2);
      }
      over.set(true);
      runA.get(10, TimeUnit.SECONDS);
      runB.get(10, TimeUnit.SECONDS);
      assertThat(toA.wrong).isNull();
      assertThat(toB.wrong).isNull();
      assertThat(toA.received.get()).isPositive();
      assertThat(toB.received.get()).isPositive();
      assertThat(toA.received.get() + toB.received.get() + drops(lan))
          .isEqualTo(toA.sent.get() + toB.sent.get());
    } finally {
      loop.close();
    }
  }

  /// Ingress is what the guest sent, egress what it received.
  private static void assertPort(CardGuest guest, long sent, long received) {
    PortCounters.Snapshot counters = guest.device.port().counters().snapshot();
    assertThat(counters.ingressFrames()).isEqualTo(sent);
    assertThat(counters.egressFrames()).isEqualTo(received);
    assertThat(guest.card.received()).isEqualTo(received);
  }

  private static boolean allSent(Traffic toA, Traffic toB, int frames) {
    return toA.sent.get() >= frames && toB.sent.get() >= frames;
  }

  private static boolean settled(VenetSwitch lan, Traffic toA, Traffic toB) {
    return toA.received.get() + toB.received.get() + drops(lan) == toA.sent.get() + toB.sent.get();
  }

  private static long drops(VenetSwitch lan) {
    long drops = 0;
    for (SwitchPort port : lan.l2().ports()) {
      drops +=
          port.counters().snapshot().drops().values().stream().mapToLong(Long::longValue).sum();
    }
    return drops;
  }

  private static void run(
      CardGuest guest,
      long features,
      Traffic outgoing,
      Traffic incoming,
      int frames,
      CountDownLatch ready,
      AtomicBoolean over) {
    guest.boot(features);
    guest.card.onFrame(incoming::check);
    ready.countDown();
    try {
      // A frame to a guest without a driver would be a drop too, but many of them prove little.
      ready.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    while (outgoing.sent.get() < frames && !over.get()) {
      outgoing.send(guest.card);
      guest.guest.poll();
    }
    guest.runUntil(over::get);
    guest.shutDown();
  }
}
