package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.RawRing;

/// Every lie told to a running device while its neighbour on the same bus and loop keeps working:
/// the liar alone is stopped, is told so, and is welcome again after a reset.
class LiesToARunningStackTest {
  private static final int LINE = DeviceStatus.NEEDS_RESET | DeviceStatus.FAILED;

  static List<Lie> lies() {
    return Lie.all();
  }

  static List<BadPlace> badPlaces() {
    return BadPlace.all();
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieStopsTheLiarAndNobodyElse(Lie lie) {
    try (TwoDevices stack = new TwoDevices(SignalPolicy.RING)) {
      tell(stack, lie);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "DIRECT"})
  void afterEveryResetTheLiarMayLieAgain(SignalPolicy policy) {
    try (TwoDevices stack = new TwoDevices(policy)) {
      for (Lie lie : Lie.all().subList(0, 20)) {
        tell(stack, lie);
      }
    }
  }

  private static void tell(TwoDevices stack, Lie lie) {
    RawRing ring = stack.newRing();
    stack.bringUp(ring.addresses());
    stack.serveNeighbour(100);
    assertThat(stack.liar().status() & LINE).isZero();

    lie.teller().tell(ring, stack.newPlace());
    stack.liar().kick(0);
    stack.await("reset asked for", stack::asksForReset);
    assertThat(stack.deceived().fault(0)).isEqualTo(lie.fault());
    stack.serveNeighbour(200);
    int used = ring.usedIdx();
    assertThat(used).isLessThanOrEqualTo(1);

    // Kicks of a broken queue are harmless, and what is offered on it is not taken.
    ring.desc(0, 0, 0, 0, 0);
    ring.offer(0);
    stack.liar().kick(0);
    stack.serveNeighbour(100);
    assertThat(ring.usedIdx()).isEqualTo(used);
    assertThat(stack.deceived().fault(0)).isEqualTo(lie.fault());

    stack.reset();
    assertThat(stack.liar().status()).isZero();
    worksAgain(stack);
    stack.reset();
  }

  @ParameterizedTest
  @MethodSource("badPlaces")
  void aQueueInABadPlaceStopsTheLiarAndNobodyElse(BadPlace bad) {
    try (TwoDevices stack = new TwoDevices(SignalPolicy.RING)) {
      Lie.Place place = stack.newPlace();
      VirtQueue.Addresses at =
          bad.change().apply(stack.newRing().addresses(), place.start(), place.end());
      stack.bringUp(at);
      if (SplitLayout.isLegalSize(at.size())) {
        stack.await("reset asked for", stack::asksForReset);
        assertThat(stack.deceived().fault(0)).isEqualTo(RingFault.BAD_RING_ADDRESS);
      } else {
        // Such a queue is not even enabled: the driver reads 0 back and can try again.
        assertThat(stack.deceived().queueReady(0)).isFalse();
      }
      stack.liar().kick(0);
      stack.serveNeighbour(200);
      stack.reset();
      assertThat(stack.deceived().fault(0)).isNull();
      worksAgain(stack);
    }
  }

  @Test
  void aDriverThatLiesOnlyAboutItsQueueSizeGetsNoQueue() {
    try (TwoDevices stack = new TwoDevices(SignalPolicy.RING)) {
      VirtQueue.Addresses good = stack.newRing().addresses();
      stack.bringUp(new VirtQueue.Addresses(1 << 15, good.desc(), good.avail(), good.used()));
      stack.liar().kick(0);
      stack.serveNeighbour(200);
      assertThat(stack.deceived().queueReady(0)).isFalse();
      stack.reset();
      worksAgain(stack);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RING", "DIRECT"})
  @Clause({"2.7.7.1-R5", "2.7.10.2-D5"})
  void notificationsWithoutCauseDoNoHarmInEitherDirection(SignalPolicy policy) {
    try (TwoDevices stack = new TwoDevices(policy)) {
      RawRing ring = stack.newRing();
      stack.bringUp(ring.addresses());
      for (int i = 0; i < 100; i++) {
        stack.interruptEverything();
        stack.liar().kick(0);
        stack.serveNeighbour(20);
      }
      assertThat(stack.liar().status() & LINE).isZero();
      assertThat(ring.usedIdx()).isZero();
      stack.reset();
      worksAgain(stack);
    }
  }

  @Test
  void kicksOfQueuesThatDoNotExistDoNothing() {
    try (TwoDevices stack = new TwoDevices(SignalPolicy.RING)) {
      stack.bringUp(stack.newRing().addresses());
      for (int queue : new int[] {1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        stack.liar().kick(queue);
      }
      stack.serveNeighbour(200);
      assertThat(stack.liar().status() & LINE).isZero();
      stack.reset();
      worksAgain(stack);
    }
  }

  /// A request of 4 bytes, answered with the same bytes.
  private static void worksAgain(TwoDevices stack) {
    RawRing ring = stack.newRing();
    Lie.Place place = stack.newPlace();
    stack.bringUp(ring.addresses());
    ring.desc(5, place.buffer(), 4, NEXT, 6).desc(6, place.buffer() + 64, 4, WRITE, 0);
    stack.set(place.buffer(), 0x8403_0201);
    ring.offer(5);
    stack.liar().kick(0);
    stack.await("answer", () -> ring.usedIdx() == 1 && stack.usedSignals() > 0);
    assertThat(ring.usedId(0)).isEqualTo(5);
    assertThat(ring.usedLen(0)).isEqualTo(4);
    assertThat(stack.get(place.buffer() + 64)).isEqualTo(0x8403_0201);
    assertThat(stack.liar().status() & LINE).isZero();
    assertThat(stack.deceived().fault(0)).isNull();
    stack.serveNeighbour(100);
  }
}
