package org.vbus.tests.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.core.ring.PackedIndex;
import org.vbus.core.ring.U16;
import org.vbus.tests.litmus.StoreBuffers.Order;
import org.vbus.tests.litmus.StoreBuffers.Outcome;

/// No interleaving of the suppression protocols loses a wake-up, and every seeded bug is found.
class NotificationLitmusTest {
  /// Both forms of suppression, across the wrap of the indexes, with a device that sleeps on its
  /// kick and one on a poll loop; every way for some buffers to be published and to come back.
  static List<SplitRingModel> rings() {
    List<SplitRingModel> rings = new ArrayList<>();
    for (boolean loop : new boolean[] {false, true}) {
      addRings(rings, loop, false, 0);
      addRings(rings, loop, true, 0);
      addRings(rings, loop, true, 0xfffe);
      addRings(rings, loop, true, 0xffff);
    }
    return rings;
  }

  private static void addRings(
      List<SplitRingModel> rings, boolean loop, boolean eventIdx, int start) {
    rings.add(new SplitRingModel(loop, eventIdx, start, 2, 1, 2, 2));
    rings.add(new SplitRingModel(loop, eventIdx, start, 2, 2, 2, 1));
    rings.add(new SplitRingModel(loop, eventIdx, start, 3, 1, 1, 1));
    rings.add(new SplitRingModel(loop, eventIdx, start, 3, 1, 2, 1));
    rings.add(new SplitRingModel(loop, eventIdx, start, 3, 1, 2, 2));
    rings.add(new SplitRingModel(loop, eventIdx, start, 3, 2, 2, 2));
    rings.add(new SplitRingModel(loop, eventIdx, start, 5, 1, 2, 2));
  }

  @ParameterizedTest
  @MethodSource("rings")
  void aRingLosesNoWakeUpUnderTotalStoreOrder(SplitRingModel ring) {
    Outcome outcome = ring.explore(Order.TSO);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("rings")
  void aRingLosesNoWakeUpWhenOnlyReleasesKeepStoresInOrder(SplitRingModel ring) {
    Outcome outcome = ring.explore(Order.PSO);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void anOrderingOrALookThatIsLeftOutIsFound(SplitRingModel.Bug bug) {
    boolean weakStore =
        bug == SplitRingModel.Bug.DQ_1_PLAIN || bug == SplitRingModel.Bug.SQ_2_PLAIN;
    for (boolean eventIdx : new boolean[] {false, true}) {
      SplitRingModel ring = new SplitRingModel(false, eventIdx, 0xffff, 2, 1, 2, 1).with(bug);
      assertThat(ring.explore(weakStore ? Order.PSO : Order.TSO).violation())
          .as("%s", ring)
          .isNotNull();
    }
  }

  /// Both forms of suppression, from each place and so across both wraps of the counters.
  static List<PackedRingModel> packedRings() {
    List<PackedRingModel> rings = new ArrayList<>();
    for (boolean loop : new boolean[] {false, true}) {
      for (int start = 0; start < 2 * PackedRingModel.SIZE; start++) {
        addPackedRings(rings, loop, false, start);
        addPackedRings(rings, loop, true, start);
      }
    }
    return rings;
  }

  private static void addPackedRings(
      List<PackedRingModel> rings, boolean loop, boolean eventIdx, int start) {
    rings.add(new PackedRingModel(loop, eventIdx, start, 2, 2, 2, 1));
    rings.add(new PackedRingModel(loop, eventIdx, start, 3, 1, 1, 1));
    rings.add(new PackedRingModel(loop, eventIdx, start, 3, 1, 2, 2));
    rings.add(new PackedRingModel(loop, eventIdx, start, 3, 2, 2, 2));
    rings.add(new PackedRingModel(loop, eventIdx, start, 4, 2, 2, 1));
  }

  @ParameterizedTest
  @MethodSource("packedRings")
  void aPackedRingLosesNoWakeUpUnderTotalStoreOrder(PackedRingModel ring) {
    Outcome outcome = ring.explore(Order.TSO);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("packedRings")
  void aPackedRingLosesNoWakeUpWhenOnlyReleasesKeepStoresInOrder(PackedRingModel ring) {
    Outcome outcome = ring.explore(Order.PSO);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void anOrderingOrALookThatIsLeftOutOfAPackedRingIsFound(PackedRingModel.Bug bug) {
    boolean weakStore =
        switch (bug) {
          case DP_1_PLAIN,
              PQ_2_PLAIN,
              DRIVER_RELEASES_THE_FIRST_BEFORE_THE_REST,
              DEVICE_RELEASES_THE_FIRST_BEFORE_THE_REST ->
              true;
          default -> false;
        };
    for (boolean eventIdx : new boolean[] {false, true}) {
      boolean found = false;
      for (int burst = 1; burst <= 2; burst++) {
        PackedRingModel ring =
            new PackedRingModel(false, eventIdx, 1, 3, burst, 2, burst).with(bug);
        found |= ring.explore(weakStore ? Order.PSO : Order.TSO).violation() != null;
      }
      assertThat(found).as("%s, eventIdx %s", bug, eventIdx).isTrue();
    }
  }

  /// Wrong versions of the rule and what is wrong with them.
  record WrongRule(String name, SplitRingModel.Passed rule) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<WrongRule> rulesThatLoseWakeUps() {
    return List.of(
        new WrongRule(
            "the entry at old is left out",
            (event, now, old) -> U16.distance(event, now) < U16.distance(old, now)),
        new WrongRule(
            "the last entry is left out",
            (event, now, old) -> U16.passed(event, U16.add(now, -1), old)),
        new WrongRule("indexes do not wrap", (event, now, old) -> event >= old && event < now),
        new WrongRule("only the newest entry counts", (event, now, old) -> event == now - 1));
  }

  @ParameterizedTest
  @MethodSource("rulesThatLoseWakeUps")
  void aWrongRuleOfEventIndexesIsFound(WrongRule wrong) {
    assertThat(rings().stream().filter(SplitRingModel::eventIdx))
        .as("violated by %s", wrong)
        .anyMatch(ring -> ring.with(wrong.rule()).explore(Order.TSO).violation() != null);
  }

  @Test
  void anEventIndexIsPassedWhenItsEntryWasAmongThoseWritten() {
    for (int old : new int[] {0, 1, 0x7fff, 0x8000, 0xfffd, 0xffff}) {
      for (int written = 0; written < 4; written++) {
        int now = U16.add(old, written);
        for (int event = 0; event <= 0xffff; event++) {
          boolean among = false;
          for (int n = 0; n < written; n++) {
            among |= U16.add(old, n) == event;
          }
          if (U16.passed(event, now, old) != among) {
            assertThat(U16.passed(event, now, old))
                .as("event %d of %d to %d", event, old, now)
                .isEqualTo(among);
          }
        }
      }
    }
  }

  @Test
  void aPlaceIsPassedWhenItsDescriptorWasAmongThoseWritten() {
    for (int size : new int[] {1, 2, 3, 5, 8}) {
      for (int old = 0; old < 2 * size; old++) {
        for (int written = 0; written <= size; written++) {
          int now = PackedIndex.add(old, written, size);
          for (int event = 0; event < 2 * size; event++) {
            boolean among = false;
            for (int n = 0; n < written; n++) {
              among |= PackedIndex.add(old, n, size) == event;
            }
            int encoded = PackedIndex.encoded(event, size);
            assertThat(PackedIndex.decoded(encoded, size)).isEqualTo(event);
            assertThat(PackedIndex.passed(encoded, now, written, size))
                .as("event %d of %d to %d, size %d", event, old, now, size)
                .isEqualTo(among);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPollLoopLosesNoWakeUp(Order order) {
    Outcome outcome = new PollLoopModel(3, Set.of()).explore(order);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void aPollLoopThatIsWrongIsFound(PollLoopModel.Bug bug) {
    assertThat(new PollLoopModel(1, Set.of(bug)).explore(Order.TSO).violation()).isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  void aProcessorSleepsThroughNoInterrupt(Order order) {
    Outcome outcome = new GuestCpuModel(2, Set.of()).explore(order);
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.ends()).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void aProcessorThatIsWrongIsFound(GuestCpuModel.Bug bug) {
    assertThat(new GuestCpuModel(2, Set.of(bug)).explore(Order.TSO).violation()).isNotNull();
  }
}
