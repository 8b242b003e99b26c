package org.vbus.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.net.CardGuest.MAC_A;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.L2Switch;

/// A rate holds frames back in the transmit queue; they go on by themselves.
class PacingTest {
  private static final int FRAMES = 200;
  private static final int LENGTH = 1514;

  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private final CountDownLatch arrived = new CountDownLatch(FRAMES);

  private void sendAll(CardGuest guest) {
    MemorySegment frame = Arena.ofAuto().allocate(LENGTH);
    for (int i = 0; i < 12; i++) {
      frame.set(ValueLayout.JAVA_BYTE, i, (byte) (2 * i + 2));
    }
    for (int i = 0; i < FRAMES; i++) {
      assertThat(guest.card.send(frame, 0, LENGTH)).isTrue();
    }
    guest.card.flush();
  }

  private void listen() {
    lan.l2()
        .attach(
            "station",
            frame -> {
              arrived.countDown();
              return Delivery.DELIVERED;
            });
  }

  @Test
  void aQueueHeldBackGoesOnWithoutAnotherKick() throws Exception {
    listen();
    PollLoop loop = new PollLoop("paced", new ParkWaiter(), Idle.BLOCK);
    loop.start();
    try (CardGuest guest =
        new CardGuest("a", lan, MAC_A, 1500, LoopMap.single(loop), SignalPolicy.DIRECT)) {
      guest.boot();
      guest.bus.setAttribute(guest.slot, "rate", "10");
      sendAll(guest);
      long kicks = guest.guest.ledger().get(Event.KICKS);
      assertThat(arrived.await(60, TimeUnit.SECONDS))
          .as("all frames arrive, %d are missing", arrived.getCount())
          .isTrue();
      assertThat(guest.guest.ledger().get(Event.KICKS)).isEqualTo(kicks).isLessThanOrEqualTo(1);
      assertThat(guest.device.port().counters().snapshot().drops()).isEmpty();
      guest.shutDown();
    } finally {
      loop.close();
    }
  }

  /// 300,000 bytes at 125,000 a second, of which the bucket holds half a second: the loop has
  /// seconds in which a part of them must still wait.
  @Test
  void liftingTheRateLetsTheRestGoAtOnce() throws Exception {
    listen();
    PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
    try (CardGuest guest =
        new CardGuest("a", lan, MAC_A, 1500, LoopMap.single(loop), SignalPolicy.DIRECT)) {
      guest.boot();
      guest.bus.setAttribute(guest.slot, "rate", "1");
      sendAll(guest);
      while (loop.doWork() > 0) {
        // as long as the bucket lasts
      }
      assertThat(arrived.getCount()).isBetween(1L, FRAMES - 1L);
      assertThat(guest.device.idleNanos(1)).isPositive().isLessThan(Long.MAX_VALUE);
      assertThat(guest.device.idleNanos(0)).isEqualTo(Long.MAX_VALUE);
      guest.bus.setAttribute(guest.slot, "rate", "unlimited");
      while (loop.doWork() > 0) {
        // everything
      }
      assertThat(arrived.getCount()).isZero();
      assertThat(guest.device.idleNanos(1)).isEqualTo(Long.MAX_VALUE);
      guest.shutDown();
    }
  }
}
